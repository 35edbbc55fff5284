"""Whatever starts a part starts a real command, with settings that it understands."""

from __future__ import annotations

import pytest
from typer.exceptions import TyperException

from cli.tree import PARTS
from runtime.settings import PREFIX, Settings
from tests.deploy.reading import (
    Container,
    compose_containers,
    example_settings,
    known_variables,
    kubernetes_containers,
    parse,
    project,
)

ALL = [
    *(pytest.param(each, id=f"compose {each.part}") for each in compose_containers()),
    *(pytest.param(each, id=f"kubernetes {each.part}") for each in kubernetes_containers()),
]

EMBEDDING = {"enricher", "api"}
"""The parts that need the model."""


@pytest.mark.parametrize("words", [["decide"], ["topics", "make"], ["enricher", "--nonsense"], ["topics"]])
def test_what_is_no_command_is_found_out(words: list[str]) -> None:
    with pytest.raises((TyperException, SystemExit)):
        parse(words)


@pytest.mark.parametrize("container", ALL)
def test_every_command_exists(container: Container) -> None:
    parse(container.words)
    assert container.part == container.words[0]


@pytest.mark.parametrize("containers", [list(compose_containers()), list(kubernetes_containers())])
def test_every_part_and_both_preparations_are_there(containers: list[Container]) -> None:
    assert {each.part for each in containers} == {*PARTS, "topics", "migrate"}


@pytest.mark.parametrize("container", ALL)
def test_every_variable_is_a_setting(container: Container) -> None:
    assert {name for name in container.env if name.startswith(PREFIX)} <= known_variables()


@pytest.mark.parametrize("container", ALL)
def test_the_settings_are_complete_and_right(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in container.env.items():
        monkeypatch.setenv(name, "secret" if value is None else value)
    settings = Settings()
    assert settings.kafka_bootstrap_servers
    assert settings.embedding_model == container.env["RELEARN_EMBEDDING_MODEL"]


@pytest.mark.parametrize("containers", [list(compose_containers()), list(kubernetes_containers())])
def test_all_parts_are_told_the_same_of_what_a_log_fixes(containers: list[Container]) -> None:
    for name in ("RELEARN_PARTITIONS", "RELEARN_EMBEDDING_MODEL", "RELEARN_KAFKA_BOOTSTRAP_SERVERS"):
        assert len({each.env[name] for each in containers}) == 1


@pytest.mark.parametrize("container", ALL)
def test_an_image_is_this_release_and_has_the_model_where_it_is_needed(container: Container) -> None:
    name = "relearn-embed" if container.part in EMBEDDING else "relearn"
    assert container.image == f"{name}:{project()['project']['version']}"


def test_production_keeps_two_of_three_copies() -> None:
    told = example_settings()
    assert int(told["RELEARN_KAFKA_REPLICATION_FACTOR"]) > int(told["RELEARN_KAFKA_MIN_INSYNC_REPLICAS"]) >= 2
