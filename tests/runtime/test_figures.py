"""Every number is declared once, by a name that Prometheus takes, with labels of few values."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from runtime.figures import figures
from runtime.metrics import Counted, Gauged, Spread, Told

ALL = [pytest.param(each, id=each.name) for each in figures()]

LABELS = {
    "domain",
    "job_name",
    "method",
    "outcome",
    "part",
    "partition",
    "projection",
    "reason",
    "route",
    "state",
}
LABELS |= {"statement", "status"}
"""None of them a shop's, a person's, or one that Prometheus sets itself."""


def test_no_name_is_used_twice() -> None:
    names = [each.name for each in figures()]
    assert len(names) == len(set(names)) > 40


@pytest.mark.parametrize("told", ALL)
def test_names_and_labels_are_of_our_kind(told: Told) -> None:
    assert re.fullmatch(r"relearn_[a-z_]+[a-z]", told.name)
    assert set(told.labels) <= LABELS
    assert told.about.endswith(".")


@pytest.mark.parametrize("told", ALL)
def test_what_a_query_asks_for_is_what_is_told(told: Counted | Gauged | Spread) -> None:
    registry = CollectorRegistry(auto_describe=True)
    made = told.on(registry)
    one = made.labels(*(["x"] * len(told.labels))) if told.labels else made
    if isinstance(told, Spread):
        one.observe(1.0)
    else:
        one.inc()
    assert re.search(rf"^{told.series}[{{ ]", generate_latest(registry).decode(), re.MULTILINE)
