"""Postgres behind TLS: the projector works, and a server that it need not trust it does not trust."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import trustme

from runtime.embedded.postgres import SOCKET_NAME
from runtime.settings import Settings
from schemas.policy import LearningPolicy
from schemas.record import Record
from tests.cli.conftest import adopted, write_log
from tests.faults.load import create_topics
from tests.faults.parts import ended, part
from tests.faults.tables import until_shown
from tests.faults.tls_proxy import tls_proxy


@pytest.fixture
def authority(folder: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    return authority


@pytest.fixture
async def port(settings: Settings, authority: trustme.CA) -> AsyncIterator[int]:
    """Where the database's TLS is."""
    behind = unquote(parse_qs(urlsplit(settings.database_url).query)["host"][0])
    async with tls_proxy(f"{behind}/{SOCKET_NAME}", authority, "localhost") as port:
        yield port


def by_tls(settings: Settings, port: int, cafile: Path, host: str = "localhost") -> Settings:
    name = urlsplit(settings.database_url).path
    url = f"postgresql://postgres@{host}:{port}{name}?sslmode=verify-full&sslrootcert={cafile}"
    return settings.model_copy(update={"database_url": url})


@pytest.mark.timeout(180)
async def test_rows_come_by_tls_from_a_trusted_server_alone(
    settings: Settings, port: int, folder: Path
) -> None:
    await create_topics(settings)
    opened = Record(0, 1, "p", (adopted(LearningPolicy()),))
    for number in range(settings.partitions):
        await write_log(settings, number, opened)
    async with part("projector", by_tls(settings, port, folder / "authority.pem")):
        await until_shown(settings, dict.fromkeys(range(settings.partitions), 1))
    for wrong in (
        by_tls(settings, port, folder / "stranger.pem"),
        by_tls(settings, port, folder / "authority.pem", "127.0.0.1"),
    ):
        last = await ended("projector", wrong)
        assert last.startswith("relearn: the certificate of Postgres is not trusted (")
        assert last.endswith("in RELEARN_DATABASE_URL?")
