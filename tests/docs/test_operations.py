"""The handbook knows every refusal, every alert and every access rule that the code has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import cli
import projections
import runtime
import streams
from schemas.failures import UnreadableRecord
from schemas.outcome import RequestRefused
from schemas.topics import every_topic
from streams.partition import PartitionRefused

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "operations.md").read_text()
RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml"
ELSEWHERE = {"ImportRefused"}
"""Said to whoever turns public data into events, which is no operation."""


def exceptions() -> Iterator[type]:
    """Every class of exception in the code, once its modules are loaded."""
    for package in (cli, projections, runtime, streams):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                found = vars(import_module(module.name)).values()
                yield from (each for each in found if isinstance(each, type) and issubclass(each, Exception))


def refusals() -> set[str]:
    """Those that an operator may have to do something about: all that are named so, or stop a partition."""
    named = {
        each.__name__ for each in exceptions() if each.__name__.endswith(("Refused", "Differ", "Running"))
    }
    stopping = {each.__name__ for each in exceptions() if issubclass(each, PartitionRefused)}
    return (
        named | stopping | {UnreadableRecord.__name__, RequestRefused.__name__, "SettingsError"}
    ) - ELSEWHERE


def anchors(text: str) -> set[str]:
    """What can be linked to in a page, as GitHub names it."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def test_every_refusal_is_explained() -> None:
    assert {name for name in refusals() if f"`{name}`" not in TEXT.partition("## Refusals")[2]} == set()


def test_no_refusal_is_explained_that_does_not_exist() -> None:
    section = TEXT.partition("## Refusals")[2].partition("## ")[0]
    told = {
        name
        for line in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", line)
    }
    assert told - refusals() - {each.__name__ for each in exceptions()} == set()
    assert told


def test_every_alert_has_a_section() -> None:
    wanted = set(re.findall(r"operations\.md#([\w-]+)", RULES.read_text()))
    assert wanted
    assert wanted - anchors(TEXT) == set()


def test_no_section_is_about_an_alert_that_does_not_exist() -> None:
    wanted = set(re.findall(r"operations\.md#([\w-]+)", RULES.read_text()))
    assert {each for each in anchors(TEXT) if each.startswith("relearn-")} - wanted == set()


@pytest.mark.parametrize("page", ["operations.md", "running.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (DOCS / page).read_text()):
        path, _, anchor = target.partition("#")
        found = (DOCS / (path or page)).resolve()
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text()), target


def test_access_rules_are_those_of_the_registry() -> None:
    for topic in every_topic():
        row = f"| `{topic.name}` | {', '.join(topic.writers)} | {', '.join(topic.readers)} |"
        assert row in TEXT, row


def test_every_command_that_it_names_exists() -> None:
    from cli.main import COMMANDS, load

    for name, sub in set(re.findall(r"`?relearn ([a-z][a-z-]*)(?: ([a-z]+))?", TEXT)):
        if name in COMMANDS:
            commands = getattr(load(name), "commands", {})
            assert not commands or sub == "" or sub in commands, (name, sub)
    for words in re.findall(r"`relearn ([a-z][a-z-]*)[^`]*`", TEXT):
        assert words in COMMANDS, words
