"""The API as clients come to it: its parts at work, its model loaded."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import START_SECONDS
from tests.api.served import Served, until


@pytest.fixture(scope="package")
def knowing(api: Served, admin: httpx.Client) -> Served:
    """It searches by meaning: nobody waits for the model to be loaded."""
    question = {"q": "When do you open?", "shop_id": 1}
    until(lambda: admin.get("/api/knowledge/search", params=question).json()["by_meaning"], START_SECONDS)
    return api
