"""/health tells whether every part is ready and why not, /metrics the numbers of the registry it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import Counter

from runtime.health import Health, HealthServer
from runtime.metrics import new_registry


@pytest.fixture
def health() -> Health:
    return Health(["decider", "broker"])


@pytest.fixture
async def http(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    registry = new_registry("decider")
    Counter("decisions", "How many.", registry=registry).inc(7)
    server = HealthServer(health, registry)
    port = await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client
    await server.stop()
    await server.stop()


async def test_parts_start_unready(http: httpx.AsyncClient, health: Health) -> None:
    health.ready("broker")
    answer = await http.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "parts": {"decider": {"ready": False, "reason": "starting"}, "broker": {"ready": True, "reason": ""}},
    }


async def test_ready_when_all_are(http: httpx.AsyncClient, health: Health) -> None:
    health.ready("broker")
    health.ready("decider", "4 partitions")
    assert (await http.get("/health")).status_code == 200
    health.unready("decider", "partition 3 is waiting")
    answer = await http.get("/health")
    assert answer.status_code == 503
    assert answer.json()["parts"]["decider"]["reason"] == "partition 3 is waiting"
    health.forget("decider")
    assert (await http.get("/health")).status_code == 200


async def test_metrics_are_those_of_the_registry(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "decisions_total 7.0" in answer.text
    assert 'relearn_info{part="decider"' in answer.text


async def test_a_taken_port_is_an_error(health: Health) -> None:
    async with HealthServer(health, new_registry("one")) as _:
        first = HealthServer(health, new_registry("one"))
        port = await first.start()
        with pytest.raises(OSError, match=str(port)):
            await HealthServer(health, new_registry("two"), port=port).start()
        await first.stop()
