"""Dashboard and alerts ask only for what parts tell, and every alert has its page in the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import yaml
from prometheus_client import CollectorRegistry

from api.meters import Meters as ApiMeters
from cli.enricher import Watch, tell_of
from cli.operations.alerts import ALERTS, RUNBOOK, Alert
from cli.operations.files import check, files, write
from cli.parts import prepared
from cli.scheduler import Rounds
from projections.meters import Meters as ProjectionMeters
from runtime.clock import SystemClock
from runtime.health import Health
from streams.status import Meters as DeciderMeters

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"

EACH = [pytest.param(alert, id=alert.name) for alert in ALERTS]

NAME = re.compile(r"\b(?:relearn|process)_\w+")


def told(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all series that the parts' registries have."""
    monkeypatch.setenv("RELEARN_KAFKA_BOOTSTRAP_SERVERS", "nowhere:1")
    monkeypatch.setenv("RELEARN_DATABASE_URL", "postgresql:///nowhere")
    registry = prepared("enricher", None, None).registry
    nobody: Any = SimpleNamespace(encoded=0, hits=0)
    Watch("learning", Health([]), registry)
    tell_of([nobody], registry)
    DeciderMeters("learning", registry, list)
    ProjectionMeters("learning", registry)
    ApiMeters(registry)
    Rounds(nobody, Health([]), registry, SystemClock())
    return set(_series(registry))


def _series(registry: CollectorRegistry) -> Iterator[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    for family in registry.collect():
        yield from (family.name + ending for ending in endings.get(family.type, ("",)))


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]
    assert group["name"] == "relearn"
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads((DEPLOY / "grafana" / "relearn.json").read_bytes())["panels"]
    return found


def test_the_files_are_those_of_this_version() -> None:
    assert check(DEPLOY) == []


def test_what_is_missing_or_out_of_date_is_named_and_mended(tmp_path: Path) -> None:
    assert check(tmp_path) == ["grafana/relearn.json is missing", "prometheus/rules.yml is missing"]
    assert write(tmp_path) == list(files(tmp_path))
    assert check(tmp_path) == []
    assert write(tmp_path) == []
    path = tmp_path / "prometheus" / "rules.yml"
    path.write_text(path.read_text().replace("> 300", "> 301"))
    assert check(tmp_path) == ["prometheus/rules.yml is out of date"]


def test_the_rules_have_what_prometheus_asks_for() -> None:
    assert [rule["alert"] for rule in rules()] == [alert.name for alert in ALERTS]
    for rule in rules():
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule["for"])
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "runbook"}
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_every_number_that_is_asked_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    names = {name for expr in asked for name in NAME.findall(expr)}
    assert len(names) > 40
    assert names - told(monkeypatch) == set()


def test_every_number_that_is_told_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    asked = " ".join([*shown, *(rule["expr"] for rule in rules())])
    ours = {name for name in told(monkeypatch) if name.startswith("relearn_")}
    stems = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    unseen = {name for name in stems if not re.search(rf"\b{name}(_bucket|_total)?\b", asked)}
    assert unseen == {"relearn_decider_checkpoint", "relearn_projection_next_offset"}


def test_panels_lie_side_by_side_and_have_lines() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["type"] == "row" or panel["targets"]
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("alert", EACH)
def test_an_alert_speaks_of_labels_that_its_numbers_have(alert: Alert) -> None:
    for label in re.findall(r"\$labels\.(\w+)", alert.summary):
        assert re.search(rf"\b{label}\b", alert.expr), f"{label} is none of {alert.expr}"


@pytest.mark.parametrize("alert", EACH)
def test_every_alert_has_its_page(alert: Alert) -> None:
    page = (ROOT / RUNBOOK).read_text()
    slugs = {
        re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    anchors = set(re.findall(r"<a (?:id|name)=\"([\w-]+)\"", page))
    assert alert.anchor in slugs | anchors
