"""What the API tells of requests: by routes as they are declared, and every answer, failures too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.meters import Meters
from api.problems import MEDIA_TYPE, answer_problems
from api.surroundings import SAFE, Surroundings
from runtime.clock import SystemClock


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=True)


@pytest.fixture
async def client(registry: CollectorRegistry) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.get("/shops/{id}")
    async def shop(id: int) -> int:
        return 1 // id

    @app.get("/sleeps")
    async def sleeps() -> None:
        await asyncio.sleep(60)

    answer_problems(app)
    app.add_middleware(Surroundings, clock=SystemClock(), meters=Meters(registry), answer_seconds=0.2)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def told(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """By the values of its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name
    }


async def test_requests_are_told_by_the_declared_route(
    client: httpx.AsyncClient, registry: CollectorRegistry
) -> None:
    for path in ("/shops/7", "/shops/8", "/shops/seven", "/shop-of-ann@example.com"):
        await client.get(path)
    await client.request("X-ANN", "/shops/7")
    assert told(registry, "relearn_api_requests_total") == {
        ("/shops/{id}", "GET", "200"): 2,
        ("/shops/{id}", "GET", "422"): 1,
        ("/shops/{id}", "other", "405"): 1,
        ("other", "GET", "404"): 1,
    }
    assert told(registry, "relearn_api_seconds_count") == {
        ("/shops/{id}", "GET"): 3,
        ("/shops/{id}", "other"): 1,
        ("other", "GET"): 1,
    }


@pytest.mark.parametrize(("path", "status"), [("/shops/0", 500), ("/sleeps", 504)])
async def test_a_failure_is_an_answer_as_every_other(
    client: httpx.AsyncClient, registry: CollectorRegistry, path: str, status: int
) -> None:
    answer = await client.get(path, headers={"x-request-id": "mine"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert answer.json()["status"] == status
    assert "division" not in answer.text
    assert answer.headers["x-request-id"] == "mine"
    assert SAFE.items() <= dict(answer.headers).items()
    assert [key[2] for key in told(registry, "relearn_api_requests_total")] == [str(status)]


def test_events_and_waits_are_told_by_domain(registry: CollectorRegistry) -> None:
    meters = Meters(registry)
    meters.accepted("learning", 3)
    meters.accepted("learning", 2)
    meters.waited("learning", in_time=True)
    meters.waited("learning", in_time=False)
    assert told(registry, "relearn_api_accepted_events_total") == {("learning",): 5}
    assert told(registry, "relearn_api_waits_total") == {
        ("learning", "visible"): 1,
        ("learning", "late"): 1,
    }
