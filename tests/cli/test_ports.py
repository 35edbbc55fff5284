"""A tree keeps its ports over restarts, and no two of its servers have the same."""

from __future__ import annotations

import socket
from pathlib import Path

from cli.ports import choose
from cli.tree import Layout, Tree
from runtime.clock import SystemClock
from runtime.embedded.ports import HOST

NAMES = ("kafka", "enricher", "decider")


def test_every_name_has_a_port_of_its_own_at_every_start(tmp_path: Path) -> None:
    chosen = choose(tmp_path / "ports.json", NAMES)
    assert len(set(chosen.values())) == len(NAMES)
    assert choose(tmp_path / "ports.json", NAMES) == chosen


def test_only_the_port_that_somebody_took_changes(tmp_path: Path) -> None:
    chosen = choose(tmp_path / "ports.json", NAMES)
    with socket.create_server((HOST, chosen["kafka"])):
        again = choose(tmp_path / "ports.json", NAMES)
    assert [name for name in NAMES if again[name] != chosen[name]] == ["kafka"]


def test_a_new_name_does_not_take_what_another_remembers(tmp_path: Path) -> None:
    chosen = choose(tmp_path / "ports.json", NAMES)
    more = choose(tmp_path / "ports.json", ["new", *NAMES])
    assert {name: more[name] for name in NAMES} == chosen


def test_with_a_base_the_broker_is_there_and_health_follows(tmp_path: Path) -> None:
    tree = Tree(Layout(tmp_path, port_base=29_092), SystemClock(), print)
    assert [url.split(":")[2].partition("/")[0] for url in tree.health.values()] == [
        str(29_093 + number) for number in range(len(tree.layout.parts))
    ]
