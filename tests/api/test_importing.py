"""Knowledge in bulk, line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import httpx
import orjson
import pytest

from schemas.topics import MAX_INPUT_BYTES
from tests.api.asking import FOREIGN, IMPORT
from tests.api.recorded import fetched
from tests.api.served import Served

NDJSON = {"content-type": "application/x-ndjson"}
SHOP = 51
OUTSTANDING = 20
"""Entries."""


@pytest.fixture(scope="module")
def reviewer(api: Served) -> httpx.Client:
    """Of one shop."""
    return api.caller("reviewer", SHOP)


def entries(count: int, source: str) -> list[dict[str, Any]]:
    """As different as numbers can make them."""
    return [
        {"content": f"Drawer {n} of {source} holds {n * 7} screws.", "external_id": str(n)}
        for n in range(count)
    ]


def written(lines: Sequence[object]) -> bytes:
    return b"".join((line if isinstance(line, bytes) else orjson.dumps(line)) + b"\n" for line in lines)


def imported(
    caller: httpx.Client, source: str, lines: Sequence[object], **headers: str
) -> list[dict[str, Any]]:
    answer = caller.post(IMPORT, params={"source": source}, content=written(lines), headers=NDJSON | headers)
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [orjson.loads(line) for line in answer.content.splitlines()]


def test_entries_are_live_when_the_import_has_ended_and_the_same_again_changes_nothing(
    api: Served, reviewer: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.importing.OUTSTANDING", OUTSTANDING)
    count = OUTSTANDING + 10
    told = imported(reviewer, "drawers", entries(count, "drawers"))
    assert [each["done"] for each in told] == [OUTSTANDING, count, count]
    assert told[-1]["finished"] is True
    assert sum(told[-1]["counts"].values()) == count
    live = fetched(
        api.settings,
        "SELECT count(*) AS n FROM knowledge_base_rag WHERE shop_id = $1 AND status = 'live'",
        SHOP,
    )
    assert live[0]["n"] == told[-1]["counts"]["live now"] > 0
    again = imported(reviewer, "drawers", entries(20, "drawers"))
    assert again[-1] == {"finished": True, "done": 20, "counts": {"unchanged": 20}}


def test_bad_lines_are_told_and_the_others_go_on(reviewer: httpx.Client) -> None:
    good = entries(2, "shelves")
    bad: dict[int, tuple[object, int, str]] = {
        2: (b"{", 400, "not JSON"),
        3: (b"[]", 400, "not a JSON object"),
        4: ({"question": "What?"}, 422, "content"),
        5: ({"content": "So.", "colour": "red"}, 422, "colour"),
        6: ({"content": "a\0b"}, 400, "NUL"),
        7: ({"content": "So.", "question": [[]]}, 422, "question"),
    }
    told = imported(reviewer, "shelves", [good[0], *(line for line, _, _ in bad.values()), good[1]])
    found = {each["line"]: each["problem"] for each in told if "line" in each}
    assert {line: problem["status"] for line, problem in found.items()} == {
        line: status for line, (_, status, _) in bad.items()
    }
    for line, (_, _, word) in bad.items():
        assert word in found[line]["detail"], found[line]
    assert told[-1]["done"] == 2
    assert told[-1]["counts"]["refused"] == len(bad)
    assert told[-1]["finished"] is True


def test_a_line_that_is_too_large_ends_the_import(reviewer: httpx.Client) -> None:
    told = imported(reviewer, "boxes", [b'{"content": "' + b"x" * 2 * MAX_INPUT_BYTES + b'"}'])
    assert told == [{"finished": False, "done": 0, "problem": told[0]["problem"]}]
    assert told[0]["problem"]["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_the_same_request_again_is_decided_once(reviewer: httpx.Client) -> None:
    lines = [{"content": "Cupboard 9 holds the tape."}]
    key = {"idempotency-key": "the cupboards"}
    first, again = (imported(reviewer, "cupboards", lines, **key) for _ in range(2))
    assert (first[-1]["counts"], again[-1]["counts"]) == ({"live now": 1}, {"sent before": 1})


async def test_it_tells_while_it_is_still_read(api: Served, reviewer: httpx.Client) -> None:
    told = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield b"rubbish\n"
        await told.wait()
        yield written(entries(1, "baskets"))

    headers = {"authorization": reviewer.headers["authorization"], **NDJSON}
    async with (
        asyncio.timeout(60),
        aiohttp.ClientSession(api.url, headers=headers) as caller,
        caller.post(IMPORT, params={"source": "baskets"}, data=lines()) as answer,
    ):
        assert orjson.loads(await answer.content.readline())["line"] == 1
        told.set()
        last = [orjson.loads(line) async for line in answer.content][-1]
    assert (last["finished"], last["done"]) == (True, 1)


def test_what_is_wrong_with_the_request_itself(reviewer: httpx.Client) -> None:
    def post(params: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        return reviewer.post(IMPORT, params=params, content=b"{}\n", headers=headers)

    unnamed = post({}, NDJSON)
    assert unnamed.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert unnamed.json()["errors"][0]["field"] == "source"
    assert post({"source": "s"}, {}).status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert post({"source": "s", "shop_id": FOREIGN}, NDJSON).status_code == HTTPStatus.FORBIDDEN
    assert post({"source": "s", "shop_id": "x"}, NDJSON).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
