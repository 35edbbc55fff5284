"""Commands that load with several processes, of which one is ended, or the one that started them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

import orjson
import pytest

from runtime import postgres
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.cli.running import relearn
from tests.projections.long_log import PARTITIONS, RESPONSES, are_there, loaders, write_long_log

REBUILD = ("rebuild", "--domain", "learning", "--parallel", "3")
DEADLINE = 30.0
LIVE = "SELECT 'response_analytics'::REGCLASS::OID, (SELECT count(*) FROM response_analytics)"
LEFT = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'learning\\_%'"
APPLIED = "SELECT sum(seq) FROM learning_building.positions"


async def asked(settings: Settings, query: str) -> list[object]:
    conn = await postgres.connect(settings, LEARNING.name)
    try:
        return list(await conn.fetchrow(query))
    finally:
        await conn.close()


async def loading(settings: Settings, *words: str) -> tuple[Process, list[int]]:
    """A command that has begun to load, and the processes that do so."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *words),
        env={**os.environ, **settings.environment()},
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(DEADLINE):
        while not (found := loaders(command.pid)):
            await asyncio.sleep(0.01)
    return command, found


async def rebuilding(settings: Settings) -> tuple[Process, list[int]]:
    """A rebuild that has applied something, and the processes that did."""
    command, found = await loading(settings, *REBUILD)
    async with asyncio.timeout(DEADLINE):
        while not (await asked(settings, APPLIED))[0]:
            await asyncio.sleep(0.01)
    return command, loaders(command.pid) or found


def kill_the_last(_: Process, children: list[int]) -> None:
    os.kill(children[-1], signal.SIGKILL)


def interrupt(command: Process, _: list[int]) -> None:
    command.send_signal(signal.SIGINT)


def kill(command: Process, _: list[int]) -> None:
    command.kill()


ENDS = (
    (kill_the_last, 1, "of learning ended with SIGKILL: is there memory enough?"),
    (interrupt, 130, "interrupted: `relearn rebuild` goes on from here"),
    (kill, -signal.SIGKILL, ""),
)


async def test_nothing_outlives_a_rebuild_that_is_ended(settings: Settings) -> None:
    await write_long_log(settings)
    before, env = await asked(settings, LIVE), settings.environment()
    for end, code, words in ENDS:
        assert (await relearn("rebuild", "--clean", env=env)).exit_code == 0
        command, children = await rebuilding(settings)
        end(command, children)
        _, said = await asyncio.wait_for(command.communicate(), DEADLINE)
        assert command.returncode == code, said.decode()
        assert words in said.decode()
        async with asyncio.timeout(DEADLINE):
            while are_there(children):
                await asyncio.sleep(0.01)
        assert await asked(settings, LIVE) == before
    done = await relearn(*REBUILD, "--json", env=env)
    assert done.exit_code == 0, done.output
    (told,) = orjson.loads(done.stdout)
    assert told["records"] == PARTITIONS * (RESPONSES + 1)
    assert told["resumed"] > 0
    assert (await asked(settings, LIVE))[1] == PARTITIONS * RESPONSES


@pytest.mark.slow
async def test_who_only_looks_leaves_nothing_either(settings: Settings) -> None:
    await write_long_log(settings)
    look = ("as-of", "2100-01-01", "--domain", "learning", "--json")
    command, children = await loading(settings, *look)
    kill_the_last(command, children)
    _, said = await asyncio.wait_for(command.communicate(), DEADLINE)
    assert command.returncode == 1
    assert "ended with SIGKILL" in said.decode()
    assert await asked(settings, LEFT) == [0]
    command, children = await loading(settings, *look)
    kill(command, children)
    await command.communicate()
    done = await relearn(*look, env=settings.environment())
    assert done.exit_code == 0, done.output
    rows = {each["table"]: each["rows"] for each in orjson.loads(done.stdout)}
    assert rows["response_analytics"] == PARTITIONS * RESPONSES
    assert await asked(settings, LEFT) == [0], "the next one drops what a killed one has left"
    assert not are_there(children)
