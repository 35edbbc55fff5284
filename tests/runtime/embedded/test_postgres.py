"""A server keeps what it was told over restarts, deaths of its parent and its own, in any folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from runtime.embedded.postgres import EmbeddedPostgres, ServerFailed
from tests.runtime.embedded.parents import start_elsewhere, until_gone


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: where root tests, the server has another user, to whom a second pytest closes those."""
    with tempfile.TemporaryDirectory(prefix="relearn-") as folder:
        yield Path(folder)


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    yield server
    await server.stop()


async def _ask(url: str, question: str) -> object:
    conn = await asyncpg.connect(url)
    try:
        return await conn.fetchval(question)
    finally:
        await conn.close()


def _runs(server: EmbeddedPostgres) -> bool:
    return server.pid is not None


async def _gone(server: EmbeddedPostgres) -> None:
    async with asyncio.timeout(10):
        while _runs(server):
            await asyncio.sleep(0.02)


async def test_what_was_written_survives_stop_and_kill(server: EmbeddedPostgres) -> None:
    url = await server.start()
    await _ask(url, "CREATE TABLE kept AS SELECT '[1,2]'::public.vector AS one")
    await server.stop()
    assert not _runs(server)
    url = await server.start()
    await _ask(url, "INSERT INTO kept VALUES ('[3,4]')")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await _gone(server)
    assert await _ask(await server.start(), "SELECT count(*) FROM kept") == 2


async def test_it_is_configured(server: EmbeddedPostgres) -> None:
    url = await server.start()
    assert await _ask(url, "SHOW shared_buffers") == "256MB"
    assert await _ask(url, "SHOW listen_addresses") == ""
    schema = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
    assert await _ask(url, schema) == "public"


async def test_a_stop_does_not_wait_for_clients(server: EmbeddedPostgres) -> None:
    conn = await asyncpg.connect(await server.start())
    async with asyncio.timeout(5):
        await server.stop()
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await conn.fetchval("SELECT 1")


async def test_a_deep_folder_is_fine(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("deep" * 20) / ("deeper" * 10), own=folder)
    url = await server.start()
    short = Path(url.partition("host=")[2])
    assert await _ask(url, "SELECT 1") == 1
    await server.stop()
    assert not short.exists()


async def test_a_folder_with_a_space_is_fine(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "a b&c", own=folder)
    assert await _ask(await server.start(), "SELECT 1") == 1
    await server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
async def test_a_killed_parent_leaves_no_server_and_no_stale_pid(
    server: EmbeddedPostgres, folder: Path
) -> None:
    parent, pid, url = await start_elsewhere("runtime.embedded.postgres:EmbeddedPostgres", folder)
    await _ask(url, "CREATE TABLE kept AS SELECT 1 AS one")
    parent.kill()
    await parent.wait()
    await until_gone(pid)
    owner = (folder / "data").stat().st_uid
    bystander = subprocess.Popen(["sleep", "600"], user=owner)
    try:
        # The lock file names a process of the same user that took the number over.
        lock = folder / "data" / "postmaster.pid"
        lock.write_text(
            f"{bystander.pid}\n{folder / 'postgres' / 'data'}\n1700000000\n5432\n\n\n0 0\nready\n"
        )
        assert await _ask(await server.start(), "SELECT one FROM kept") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_server_left_running_is_ended_first(server: EmbeddedPostgres, folder: Path) -> None:
    left = EmbeddedPostgres(folder)
    await _ask(await left.start(), "CREATE TABLE kept AS SELECT 1 AS one")
    assert await _ask(await server.start(), "SELECT one FROM kept") == 1
    assert left.pid is None


async def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = EmbeddedPostgres(folder, {"shared_buffers": "much"})
    with pytest.raises(ServerFailed, match="shared_buffers"):
        await server.start()
