"""A stream ends when its caller is nobody any more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest

from runtime.keys import put_key
from tests.api.asking import OWN
from tests.api.served import Served


@pytest.mark.parametrize("is_revoked", [True, False], ids=["revoked", "not"])
async def test_who_is_revoked_hears_no_more(
    api: Served, monkeypatch: pytest.MonkeyPatch, is_revoked: bool
) -> None:
    monkeypatch.setattr("api.routes.streaming.CALLER_SECONDS", 0.1)
    key, secret = await asyncio.to_thread(api.key, "reviewer", OWN)
    headers = {"authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession(api.url, headers=headers) as caller,
        caller.get("/api/stream") as answer,
    ):
        assert (await answer.content.readline()).startswith(b"retry")
        if is_revoked:
            await put_key(api.settings, key.model_copy(update={"revoked_at": datetime.now(UTC)}))
        try:
            async with asyncio.timeout(20 if is_revoked else 2):
                while await answer.content.readline():
                    pass
            has_ended = True
        except TimeoutError:
            has_ended = False
    assert has_ended == is_revoked
