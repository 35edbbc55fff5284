"""Parts are scaled by figures that they really tell, and not beyond the number of partitions."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cli.enricher import Watch, tell_of
from projections.meters import Meters as ProjectionMeters
from runtime.health import Health
from streams.status import Meters as DeciderMeters
from tests.deploy.reading import (
    BASE,
    EXAMPLE,
    KUBERNETES,
    Document,
    example_settings,
    read,
    resources,
    workloads,
)

SCALING = KUBERNETES / "components" / "scaling"
SCALED = [pytest.param(each, id=each["metadata"]["name"]) for _, each in resources(SCALING)]

FIELDS = {"scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval"}
FIELDS |= {"cooldownPeriod", "fallback", "advanced", "triggers"}
TRIGGER = {"serverAddress", "query", "threshold", "activationThreshold", "ignoreNullValues", "namespace"}
BEHAVIORS = {"static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"}


def told() -> set[str]:
    """The names of all figures that enrichers, deciders and projectors tell."""
    registry = CollectorRegistry(auto_describe=True)
    embedder: Any = SimpleNamespace(encoded=0, hits=0)
    Watch("learning", Health([]), registry)
    tell_of([embedder], registry)
    DeciderMeters("learning", registry, list)
    ProjectionMeters("learning", registry)
    return {family.name for family in registry.collect()}


@pytest.mark.parametrize("scaled", SCALED)
def test_it_is_a_scaled_object(scaled: Document) -> None:
    spec = scaled["spec"]
    assert (scaled["apiVersion"], scaled["kind"]) == ("keda.sh/v1alpha1", "ScaledObject")
    assert spec.keys() <= FIELDS
    assert spec["fallback"].keys() == {"failureThreshold", "replicas", "behavior"}
    assert spec["fallback"]["behavior"] in BEHAVIORS
    (trigger,) = spec["triggers"]
    assert trigger["type"] == "prometheus"
    assert trigger["metadata"].keys() <= TRIGGER
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert float(trigger["metadata"]["threshold"]) > 0


@pytest.mark.parametrize("scaled", SCALED)
def test_its_target_is_a_workload(scaled: Document) -> None:
    target = scaled["spec"]["scaleTargetRef"]
    there = [(each["kind"], each["metadata"]["name"]) for _, each in workloads()]
    assert (target["kind"], target["name"]) in there
    assert scaled["metadata"]["name"] == target["name"]


@pytest.mark.parametrize("scaled", SCALED)
def test_its_figures_are_told_by_the_parts_and_asked_for_in_their_namespace(scaled: Document) -> None:
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    asked = re.findall(r"\b(relearn_\w+)(\{[^}]*\})?", query)
    assert asked
    assert {name for name, _ in asked} <= told()
    (kustomization,) = read(EXAMPLE / "kustomization.yaml")
    assert {labels for _, labels in asked} == {f'{{namespace="{kustomization["namespace"]}"}}'}


def test_what_has_partitions_is_scaled() -> None:
    names = {each["metadata"]["name"] for _, each in resources(SCALING)}
    assert names == {"relearn-enricher", "relearn-decider", "relearn-projector"}


@pytest.mark.parametrize("scaled", SCALED)
def test_there_are_never_more_replicas_than_partitions(scaled: Document) -> None:
    lines = dict(
        line.split("=") for line in (BASE / "settings.env").read_text().splitlines() if line[:1] != "#"
    )
    assert 1 <= scaled["spec"]["minReplicaCount"] <= scaled["spec"]["maxReplicaCount"]
    assert scaled["spec"]["maxReplicaCount"] == int(lines["RELEARN_PARTITIONS"])


def test_the_example_raises_both_together() -> None:
    (change,) = read(EXAMPLE / "partitions.yaml")[0]
    assert (change["op"], change["path"]) == ("replace", "/spec/maxReplicaCount")
    assert change["value"] == int(example_settings()["RELEARN_PARTITIONS"])
