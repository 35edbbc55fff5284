"""Keeps child processes running: restarts what crashes, later each time, and ends all when it ends itself."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.clock import Clock
from runtime.process import dies_with_parent, ended_with

LARGEST_LOG = 16 * 1024 * 1024
"""A log beyond this is put aside as NAME.log.1 when its child starts again."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and under which name. `env` is all of the child's environment."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Crash:
    """A child ended unasked; it starts again in `delay` seconds.

    `code` is its exit status, or the negative number of the signal that ended it.
    """

    name: str
    code: int
    delay: float
    log: Path

    def __str__(self) -> str:
        return f"{self.name} ended with {ended_with(self.code)}: see {self.log}; it starts again in {self.delay:g} s"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How many seconds to wait before the next start: `first`, then twice as long each time, at most `most`.

    A child that lived for `steady` seconds begins anew.
    """

    first: float = 0.5
    most: float = 30.0
    steady: float = 60.0

    def after(self, crashes: int) -> float:
        """The wait after so many crashes in a row, 1 or more."""
        return min(self.most, self.first * 2.0 ** min(crashes - 1, 32))


@dataclass(slots=True)
class _Child:
    command: Command
    process: Process
    restarts: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """Runs commands until it is stopped. It does not know what they are."""

    def __init__(
        self,
        log_folder: Path,
        clock: Clock,
        on_crash: Callable[[Crash], None],
        backoff: Backoff | None = None,
        grace: float = 10.0,
    ) -> None:
        """`grace`: how many seconds a child has between SIGTERM and SIGKILL."""
        self._logs = log_folder
        self._clock = clock
        self._on_crash = on_crash
        self._backoff = backoff or Backoff()
        self._grace = grace
        self._children: dict[str, _Child] = {}

    @property
    def pids(self) -> Mapping[str, int]:
        """The process of each child that runs at this moment."""
        return {name: c.process.pid for name, c in self._children.items() if c.process.returncode is None}

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each child has been started again."""
        return {name: child.restarts for name, child in self._children.items()}

    async def start(self, command: Command) -> None:
        """Starts one child and keeps it running. On Linux it is killed when this thread ends.

        Raises:
            ValueError: if a child of this name runs already.
            OSError: if there is no such program.
        """
        if command.name in self._children:
            raise ValueError(f"{command.name} runs already")
        child = _Child(command, await self._spawn(command))
        child.keeper = asyncio.create_task(self._keep(child), name=f"keep {command.name}")
        self._children[command.name] = child

    async def stop(self, *names: str) -> None:
        """Ends these children, or all: the last started first, each one before the next."""
        for name in reversed([name for name in self._children if not names or name in names]):
            child = self._children.pop(name)
            child.stopping.set()
            await self._end(child.process)
            if child.keeper is not None:
                await child.keeper

    def log_of(self, name: str) -> Path:
        """Where this child's output goes."""
        return self._logs / f"{name}.log"

    async def _keep(self, child: _Child) -> None:
        crashes = 0
        while True:
            began = self._clock.monotonic()
            code = await child.process.wait()
            if child.stopping.is_set():
                return
            lived = self._clock.monotonic() - began
            crashes = 1 if lived >= self._backoff.steady else crashes + 1
            delay = self._backoff.after(crashes)
            self._on_crash(Crash(child.command.name, code, delay, self.log_of(child.command.name)))
            if await _is_set_within(child.stopping, delay):
                return
            child.process = await self._spawn(child.command)
            child.restarts += 1
            if child.stopping.is_set():
                await self._end(child.process)
                return

    async def _spawn(self, command: Command) -> Process:
        self._logs.mkdir(parents=True, exist_ok=True)
        path = self.log_of(command.name)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(command.env),
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )

    async def _end(self, process: Process) -> None:
        if process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self._grace):
                await process.wait()
        except TimeoutError:
            # The whole session, so that what the child has started goes with it.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
