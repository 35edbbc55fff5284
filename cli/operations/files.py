"""The files that are made from what parts tell: Grafana's dashboard and Prometheus's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from cli.operations.alerts import ALERTS, Alert
from cli.operations.dashboard import dashboard
from schemas import generated

HEADING = """\
# Written by `relearn operations write`: change cli/operations/alerts.py, not this file.
groups:
  - name: relearn
    rules:
"""


def rules() -> str:
    """The alerts as Prometheus reads them."""
    return HEADING + "".join(line for alert in ALERTS for line in _rule(alert))


def _rule(alert: Alert) -> Iterator[str]:
    yield f"      - alert: {alert.name}\n"
    yield f"        expr: {_quoted(alert.expr)}\n"
    yield f"        for: {alert.lasting}\n"
    yield f"        labels: {{severity: {alert.severity}}}\n"
    yield "        annotations:\n"
    yield f"          summary: {_quoted(alert.summary)}\n"
    yield f"          runbook: {_quoted(alert.runbook)}\n"


def _quoted(text: str) -> str:
    """As YAML reads it back: JSON's strings are YAML's."""
    return orjson.dumps(text).decode()


def files(folder: Path) -> Mapping[Path, bytes]:
    """Every file with its content."""
    style = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {
        folder / "grafana" / "relearn.json": orjson.dumps(dashboard(), option=style),
        folder / "prometheus" / "rules.yml": rules().encode(),
    }


def write(folder: Path) -> list[Path]:
    """Writes them; returns those that changed."""
    return generated.write(files(folder))


def check(folder: Path) -> list[str]:
    """What is missing or out of date, in plain words; empty if nothing is."""
    return generated.stale(files(folder), folder)
