"""The dashboard as Grafana imports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.operations.panels import ROWS, Panel, Query

SCHEMA_VERSION = 39
"""Grafana 10 and later read it; later ones bring it up to date by themselves."""

ACROSS, WIDTH, HEIGHT = 3, 8, 8
"""Panels side by side, on Grafana's grid of 24 columns."""

SOURCE = {"type": "prometheus", "uid": "${source}"}


def dashboard() -> dict[str, Any]:
    """All of it, for whichever Prometheus is chosen there."""
    return {
        "uid": "relearn",
        "title": "relearn",
        "tags": ["relearn"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [{**panel, "id": number} for number, panel in enumerate(_panels(ROWS), 1)],
    }


def _panels(rows: Mapping[str, tuple[Panel, ...]]) -> Iterator[dict[str, Any]]:
    top = 0
    for title, panels in rows.items():
        place = {"x": 0, "y": top, "w": ACROSS * WIDTH, "h": 1}
        yield {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}
        for number, panel in enumerate(panels):
            yield _panel(panel, number % ACROSS * WIDTH, top + 1 + number // ACROSS * HEIGHT)
        top += 1 + -(-len(panels) // ACROSS) * HEIGHT


def _panel(panel: Panel, left: int, top: int) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"x": left, "y": top, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [_target(query, letter) for query, letter in zip(panel.queries, "ABCDEFGH", strict=False)],
    }


def _target(query: Query, letter: str) -> dict[str, Any]:
    return {"refId": letter, "datasource": SOURCE, "expr": query.expr, "legendFormat": query.legend}
