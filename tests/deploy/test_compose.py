"""docker-compose.yml is compose's, starts in the right order, and asks for every password."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from prometheus_client import CollectorRegistry

from cli.tree import PARTS
from runtime.embedded.kafka import server_properties
from runtime.health import Health, HealthServer
from runtime.settings import Settings
from tests.deploy.reading import API_USER, PINNED, ROOT, VARIABLE, compose, parts_of_compose

SERVICES = compose()["services"]
RUNNING = PARTS
ONCE = ("topics", "migrate", "api-user")
READERS = ("api",)
"""Who has a user of the database that may only read."""


def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(get_builtin_schema("vendor.compose-spec"))


def test_it_fits_the_specification() -> None:
    validator().validate(compose())


def test_the_specification_refuses_what_is_no_option() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator().validate({"services": {"kafka": {"image": "kafka:1", "dependson": []}}})


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"])


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ONCE])
def test_what_runs_on_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", RUNNING)
def test_a_part_waits_until_what_it_needs_is_ready(name: str) -> None:
    needs = {each: told["condition"] for each, told in SERVICES[name]["depends_on"].items()}
    assert needs["kafka"] == "service_healthy"
    assert needs["topics"] == "service_completed_successfully"
    if has_database(name):
        assert needs["postgres"] == "service_healthy"
        assert needs["migrate"] == "service_completed_successfully"
    if name in READERS:
        assert needs["api-user"] == "service_completed_successfully"


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_are_services_whose_condition_can_come_true(name: str) -> None:
    for other, told in SERVICES[name].get("depends_on", {}).items():
        awaited = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert told["condition"] == awaited
        assert other in ONCE or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", SERVICES)
def test_volumes_and_networks_are_declared(name: str) -> None:
    mounted = {each.split(":")[0] for each in SERVICES[name].get("volumes", [])}
    assert mounted <= compose()["volumes"].keys()
    assert {*SERVICES[name]["networks"]} <= compose()["networks"].keys()


def test_every_volume_is_used() -> None:
    used = {each.split(":")[0] for service in SERVICES.values() for each in service.get("volumes", [])}
    assert used == compose()["volumes"].keys()


@pytest.mark.parametrize("name", parts_of_compose())
def test_a_part_may_write_nowhere_but_in_its_volumes(name: str) -> None:
    part = SERVICES[name]
    assert part["read_only"]
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["tmpfs"] == ["/tmp"]
    assert part["networks"] == ["backend", *(["published"] if "ports" in part else [])]
    places = [*part["tmpfs"], *(each.split(":")[1] for each in part.get("volumes", []))]
    files = [part["environment"].get(f"RELEARN_{each}") for each in ("SNAPSHOT_DIR", "EMBEDDING_CACHE")]
    assert all(any(str(file).startswith(place) for place in places) for file in files if file)


def test_servers_and_the_api_are_published_on_this_machine_alone() -> None:
    ports = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert ports.keys() == {"kafka", "postgres", "api"}
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)
    assert ports["api"] == [f"127.0.0.1:8000:{Settings.model_fields['api_port'].default}"]


def test_every_variable_is_explained_and_no_password_has_a_default() -> None:
    asked = {
        found["name"]: found["kind"] for found in VARIABLE.finditer((ROOT / "docker-compose.yml").read_text())
    }
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert asked.keys() == given.keys()
    assert {name for name, kind in asked.items() if kind == "?"} == {
        name for name, value in given.items() if not value
    }
    assert asked["POSTGRES_PASSWORD"] == asked["API_POSTGRES_PASSWORD"] == "?"


def test_only_who_writes_tables_gets_the_password() -> None:
    assert [name for name in parts_of_compose() if has_database(name)] == [
        "migrate",
        "projector",
        "scheduler",
    ]


@pytest.mark.parametrize("name", READERS)
def test_who_only_reads_has_a_user_for_it(name: str) -> None:
    url = urlsplit(SERVICES[name]["environment"]["RELEARN_DATABASE_URL"].replace(":?set it in .env", ""))
    assert (url.username, url.password) == ("relearn_api", "${API_POSTGRES_PASSWORD}")
    maker = SERVICES["api-user"]
    (config,) = maker["configs"]
    assert maker["entrypoint"][-1] == f"--file={config['target']}"
    assert (ROOT / compose()["configs"][config["source"]]["file"]) == API_USER
    assert maker["image"] == SERVICES["postgres"]["image"]


def test_the_broker_takes_the_largest_record() -> None:
    told = SERVICES["kafka"]["environment"]
    ours = server_properties(ROOT, 1, 2)
    for name in ("message.max.bytes", "replica.fetch.max.bytes", "socket.request.max.bytes"):
        assert told["KAFKA_" + name.replace(".", "_").upper()] == ours[name]
    assert told["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_broker_is_where_the_parts_look_for_it() -> None:
    told = SERVICES["kafka"]["environment"]
    advertised = dict(each.split("://") for each in told["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listening = [each.split("://")[0] for each in told["KAFKA_LISTENERS"].split(",")]
    protocols = [each.split(":")[0] for each in told["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")]
    assert sorted(listening) == sorted(protocols) == sorted([*advertised, "CONTROLLER"])
    asked = {each["environment"]["RELEARN_KAFKA_BOOTSTRAP_SERVERS"] for each in parts_of_compose().values()}
    assert asked == {advertised["INTERNAL"]} == {SERVICES["kafka"]["healthcheck"]["test"][-1]}
    assert told["KAFKA_LOG_DIRS"] == SERVICES["kafka"]["volumes"][0].split(":")[1]


async def test_the_health_check_tells_ready_from_not() -> None:
    health = Health(["part"])
    async with HealthServer(health, CollectorRegistry()) as server:
        port = server._runner.addresses[0][1] if server._runner else 0
        assert await ended(port) == 1
        health.ready("part")
        assert await ended(port) == 0


async def ended(port: int) -> int:
    """How the health check of a part ends, asking at this port instead of the one in the container."""
    checks = [SERVICES[name]["healthcheck"]["test"] for name in RUNNING]
    (words,) = {tuple(each) for each in checks}
    assert words[:3] == ("CMD", "python", "-c")
    assert ":8080/" in words[3]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", words[3].replace(":8080/", f":{port}/"), stderr=asyncio.subprocess.DEVNULL
    )
    return await child.wait()


def has_database(name: str) -> bool:
    return "${POSTGRES_PASSWORD" in yaml.safe_dump(SERVICES[name]["environment"])
