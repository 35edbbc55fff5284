"""The manifests are Kubernetes', fit each other, and let a part do what it must and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import kubernetes_validate
import pytest
from prometheus_client import CollectorRegistry

from runtime.health import Health, HealthServer
from tests.deploy.reading import (
    BASE,
    EXAMPLE,
    KUBERNETES,
    PINNED,
    Document,
    component,
    example_settings,
    kustomizations,
    pod,
    read,
    resources,
    workloads,
)

VERSIONS = ("1.31", "1.34", "1.37")
"""From the oldest whose fields are used."""

BUILT_IN = [*resources(BASE), *resources(EXAMPLE)]
WORKLOADS = [pytest.param(each, id=name) for name, each in workloads()]
RUNNING = [pytest.param(each, id=name) for name, each in workloads() if each["kind"] != "Job"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", [pytest.param(each, id=name) for name, each in BUILT_IN])
def test_every_manifest_fits_its_schema(document: Document, version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_the_schema_refuses_what_is_no_field() -> None:
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_file_belongs_to_a_kustomization_and_every_name_in_one_is_a_file() -> None:
    named = {path for kustomization in kustomizations() for path in named_in(kustomization)}
    assert {path for path in named if not path.exists()} == set()
    files = {path for path in KUBERNETES.rglob("*") if path.is_file() and path.name != "kustomization.yaml"}
    folders = {path.parent for path in kustomizations()} - {EXAMPLE}
    assert named == files | folders


@pytest.mark.parametrize("path", kustomizations(), ids=lambda path: path.parent.name)
def test_every_patch_changes_something(path: Path) -> None:
    (kustomization,) = read(path)
    there = every_resource()
    for patch in kustomization.get("patches", []):
        targets = (
            [patch["target"]]
            if "target" in patch
            else [target_of(each) for each in read(path.parent / patch["path"])]
        )
        for target in targets:
            assert [each for each in there if is_meant(each, target)], f"{path}: {target}"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_pod_is_what_a_restricted_namespace_admits(workload: Document) -> None:
    spec = pod(workload)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == "relearn"
    outer = spec["securityContext"]
    assert (outer["runAsNonRoot"], outer["runAsUser"], outer["runAsGroup"]) == (True, 10001, 10001)
    assert outer["seccompProfile"] == {"type": "RuntimeDefault"}
    (only,) = spec["containers"]
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_container_is_pinned_and_bounded(workload: Document) -> None:
    (only,) = pod(workload)["containers"]
    assert PINNED.match(only["image"])
    assert {"cpu", "memory"} <= only["resources"]["requests"].keys()
    assert "memory" in only["resources"]["limits"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_is_mounted_is_there_and_files_are_written_into_it(workload: Document) -> None:
    (only,) = pod(workload)["containers"]
    claims = [each["metadata"]["name"] for each in workload["spec"].get("volumeClaimTemplates", [])]
    volumes = [each["name"] for each in pod(workload)["volumes"]]
    assert sorted(each["name"] for each in only["volumeMounts"]) == sorted([*claims, *volumes])
    places = [each["mountPath"] for each in only["volumeMounts"]]
    assert "/tmp" in places
    names = ("RELEARN_SNAPSHOT_DIR", "RELEARN_EMBEDDING_CACHE")
    files = [each["value"] for each in only["env"] if each["name"] in names]
    assert all(any(file.startswith(place) for place in places) for file in files)
    assert not files or pod(workload)["securityContext"]["fsGroup"] == 10001


@pytest.mark.parametrize("workload", WORKLOADS)
def test_labels_say_what_it_is(workload: Document) -> None:
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["metadata"]["labels"] == labels
    assert workload["metadata"]["name"] == f"relearn-{component(workload)}"
    if workload["kind"] != "Job":
        assert workload["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("workload", RUNNING)
async def test_probes_ask_what_is_served(workload: Document) -> None:
    (only,) = pod(workload)["containers"]
    names = {"health": "RELEARN_HEALTH_PORT"} | (
        {"http": "RELEARN_API_PORT"} if only["name"] == "api" else {}
    )
    assert only["ports"] == [
        {"name": name, "containerPort": int(example_settings()[setting])} for name, setting in names.items()
    ]
    waiting, ready = await answers(only, is_ready=False), await answers(only, is_ready=True)
    # A part that waits must not be started again for it, nor be taken for one that works.
    assert waiting == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 503}
    assert set(ready.values()) == {200}


@pytest.mark.parametrize("workload", RUNNING)
def test_metrics_are_asked_for_where_they_are_served(workload: Document) -> None:
    told = workload["spec"]["template"]["metadata"]["annotations"]
    assert told["prometheus.io/port"] == example_settings()["RELEARN_HEALTH_PORT"]
    assert told["prometheus.io/path"] == "/metrics"


def test_disruptions_and_services_choose_exactly_one_workload() -> None:
    chosen = {
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "Service": lambda spec: spec["selector"],
    }
    found = [each for _, each in resources(BASE) if each["kind"] in chosen]
    assert len(found) == 6
    for each in found:
        labels = chosen[each["kind"]](each["spec"])
        meant = [name for name, workload in workloads() if workload["metadata"]["labels"] == labels]
        assert len(meant) == 1, each["metadata"]


def test_a_part_may_reach_exactly_what_it_has_a_password_for() -> None:
    allowed = {
        each["metadata"]["name"]: set(each["spec"]["podSelector"]["matchExpressions"][0]["values"])
        for _, each in resources(BASE)
        if each["kind"] == "NetworkPolicy" and "matchExpressions" in each["spec"]["podSelector"]
    }
    assert allowed == {
        "relearn-to-kafka": having_secret("relearn-kafka"),
        "relearn-to-postgres": having_secret("relearn-database") | having_secret("relearn-api-database"),
    }


def test_who_only_reads_has_a_user_for_it_alone() -> None:
    assert having_secret("relearn-api-database") == {"api"}
    assert "api" not in having_secret("relearn-database")


def test_calls_come_in_to_the_api_alone() -> None:
    policies = [each for _, each in resources(BASE) if each["kind"] == "NetworkPolicy"]
    opened = {
        (port["port"], each["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component"))
        for each in policies
        for rule in each["spec"].get("ingress", ())
        for port in rule["ports"]
    }
    assert opened == {("health", None), ("http", "api")}


def test_brokers_are_where_the_network_lets_parts_go() -> None:
    (policy,) = [each for _, each in resources(BASE) if each["metadata"]["name"] == "relearn-to-kafka"]
    (rule,) = policy["spec"]["egress"]
    (ports,) = rule["ports"]
    port = int(example_settings()["RELEARN_KAFKA_BOOTSTRAP_SERVERS"].rpartition(":")[2])
    assert ports["port"] <= port <= ports["endPort"]


def test_the_example_gives_every_image_of_the_base_its_tag() -> None:
    (kustomization,) = read(EXAMPLE / "kustomization.yaml")
    used = {pod(each)["containers"][0]["image"].split(":")[0] for _, each in workloads()}
    assert {each["name"] for each in kustomization["images"]} == used
    assert all(PINNED.match(f"{each['name']}:{each['newTag']}") for each in kustomization["images"])


def named_in(path: Path) -> Iterator[Path]:
    (told,) = read(path)
    names = [*told.get("resources", []), *told.get("components", [])]
    names += [each["path"] for each in told.get("patches", []) if "path" in each]
    names += [name for each in told.get("configMapGenerator", []) for name in each.get("envs", [])]
    yield from ((path.parent / name).resolve() for name in names)


def every_resource() -> list[Document]:
    return [each for path in kustomizations() for _, each in resources(path.parent)]


def target_of(patch: Document) -> Document:
    return {"kind": patch["kind"], "name": patch["metadata"]["name"]}


def is_meant(resource: Document, target: Document) -> bool:
    kinds = target["kind"].split("|")
    return (
        resource["kind"] in kinds
        and target.get("name", resource["metadata"]["name"]) == resource["metadata"]["name"]
    )


async def answers(container: Document, *, is_ready: bool) -> dict[str, int]:
    """The status of each probe of a part that is ready or waits."""
    health = Health(["part"])
    if is_ready:
        health.ready("part")
    server = HealthServer(health, CollectorRegistry())
    port = await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            found = {}
            for name in ("startupProbe", "livenessProbe", "readinessProbe"):
                async with client.get(container[name]["httpGet"]["path"]) as answer:
                    found[name] = answer.status
            return found
    finally:
        await server.stop()


def having_secret(name: str) -> set[str]:
    return {
        component(workload)
        for _, workload in workloads()
        for each in pod(workload)["containers"][0]["env"]
        if each.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == name
    }
