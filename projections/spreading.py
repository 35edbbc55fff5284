"""Loads partitions in several processes at once: in one of them, Python uses no more than one core.

Each process is told by pickles on its standard input and answers by others, after their lengths, on its output.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

from projections.loading import Ends, Target, Tell
from runtime.process import dies_with_parent, ended_with

LENGTH_BYTES = 4
COMMAND = (sys.executable, "-m", "projections.loader")


class LoaderEnded(Exception):
    """A process that loaded a partition ended without a word, as when the system has no memory left."""

    def __init__(self, domain: str, partition: int, code: int) -> None:
        """`code`: its exit status, or the negative number of a signal."""
        super().__init__(
            f"the process that loaded partition {partition} of {domain} ended with {ended_with(code)}: "
            "is there memory enough?"
        )
        self.domain, self.partition, self.code = domain, partition, code


class LoaderFailed(Exception):
    """What went wrong in such a process, in words, where it cannot be handed over as it is."""


async def spread(target: Target, ends: Ends, missing: Mapping[int, int], processes: int, tell: Tell) -> None:
    """Loads these partitions up to their ends. Whoever is free takes the next, the longest first.

    `missing`: how many offsets of each. The processes end with this call, however it ends, and with this process.

    Raises:
        LoaderEnded: if one of them was killed.
        LogRefused, RecordRefused: as `Loader.load` does.
    """
    left = iter(sorted(missing, key=lambda each: missing[each], reverse=True))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(processes):
            tasks.create_task(_load(target, ends, left, tell))


async def _load(target: Target, ends: Ends, left: Iterator[int], tell: Tell) -> None:
    async with _loader() as process:
        await _say(process, target)
        for partition in left:
            await _say(process, (partition, ends[partition]))
            try:
                while (count := await _answer(process)) is not None:
                    tell(count)
            except asyncio.IncompleteReadError:
                raise LoaderEnded(target.domain, partition, await process.wait()) from None


@asynccontextmanager
async def _loader() -> AsyncIterator[Process]:
    """A process of its own session: Ctrl-C reaches its parent alone."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        # What it has applied is committed, and what it has not will be applied by another.
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _say(process: Process, what: object) -> None:
    assert process.stdin is not None
    # Of one that has ended, the answers tell.
    with suppress(ConnectionError):
        process.stdin.write(pickle.dumps(what))
        await process.stdin.drain()


async def _answer(process: Process) -> int | None:
    """How many offsets more are behind; None when all are.

    Raises:
        IncompleteReadError: if the process is no more.
    """
    assert process.stdout is not None
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "little")
    answer: int | Exception | None
    answer = pickle.loads(await process.stdout.readexactly(length))  # noqa: S301 - our own child
    if isinstance(answer, Exception):
        raise answer
    return answer
