"""What an enricher's /health and /metrics say: ready while it moves, not ready while inputs wait in vain."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cli.enricher import Watch, tell_of
from runtime.health import Health, PartHealth
from runtime.progress import STALLED_SECONDS
from streams.enrichment.watchdog import Lag


@pytest.fixture
def embedder() -> Any:
    return SimpleNamespace(encoded=5, hits=7, timed=None)


def test_it_is_ready_unless_inputs_wait_and_none_is_enriched() -> None:
    health = Health([])
    watch = Watch("learning", health, CollectorRegistry())
    assert not health.is_ready
    watch.lagging(Lag(0, 0.0, 3 * STALLED_SECONDS))
    assert health.parts["enricher learning"] == PartHealth(True)
    watch.lagging(Lag(4, 2.0, STALLED_SECONDS))
    assert health.parts["enricher learning"] == PartHealth(True, "4 inputs wait")
    watch.lagging(Lag(4, 33.0, STALLED_SECONDS + 1))
    assert health.parts["enricher learning"] == PartHealth(
        False, "4 inputs wait, and none was enriched for 31 s"
    )
    watch.lagging(Lag(4, 33.0, 0.0))
    assert health.is_ready


def test_its_numbers_are_told(embedder: Any) -> None:
    registry = CollectorRegistry()
    watch = Watch("learning", Health([]), registry)
    tell_of([embedder], registry)
    watch.progressed(20, 0.3)
    watch.lagging(Lag(4, 2.5, 1.0))
    watch.assigned()
    embedder.timed(0.2)
    expected = {
        "relearn_enriched_inputs_total": 20,
        "relearn_enricher_batch_inputs_sum": 20,
        "relearn_enricher_batch_seconds_sum": 0.3,
        "relearn_enricher_lag": 4,
        "relearn_enricher_lag_seconds": 2.5,
        "relearn_enricher_rebalances_total": 1,
        "relearn_encode_seconds_count": 1,
        "relearn_texts_encoded": 5,
        "relearn_texts_found": 7,
    }
    labels = {"domain": "learning"}
    found = {
        name: registry.get_sample_value(name, {} if "encode" in name or "text" in name else labels)
        for name in expected
    }
    assert found == expected
