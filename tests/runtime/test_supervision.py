"""What crashes starts again, later each time; what is stopped stays stopped, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from runtime.clock import SystemClock
from runtime.process import command_line
from runtime.supervision import LARGEST_LOG, Backoff, Command, Crash, Supervisor


class Crashes(list[Crash]):
    """Every crash, and a way to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def __call__(self, crash: Crash) -> None:
        self.append(crash)
        self._more.set()

    async def reach(self, wanted: int) -> None:
        while len(self) < wanted:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), 20)


class HurriedClock(SystemClock):
    """Between two looks at it, a minute passes."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def monotonic(self) -> float:
        self._seconds += 60.0
        return self._seconds


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def python(name: str, code: str) -> Command:
    return Command(name, [sys.executable, "-u", "-c", textwrap.dedent(code)], os.environ)


SLEEP = "import time; print('up'); time.sleep(600)"
STUBBORN = """
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
    print(child.pid)
    time.sleep(600)
"""


@pytest.fixture
def crashes() -> Crashes:
    return Crashes()


@pytest.fixture
async def supervisor(tmp_path: Path, crashes: Crashes) -> AsyncIterator[Supervisor]:
    backoff = Backoff(first=0.01, most=0.04, steady=60)
    supervisor = Supervisor(tmp_path, SystemClock(), crashes, backoff, grace=0.5)
    yield supervisor
    await supervisor.stop()


async def test_a_crashed_child_starts_again_later_each_time(supervisor: Supervisor, crashes: Crashes) -> None:
    await supervisor.start(python("part", "print('alive'); raise SystemExit(3)"))
    await crashes.reach(4)
    assert [crash.delay for crash in crashes[:4]] == [0.01, 0.02, 0.04, 0.04]
    assert str(crashes[0]) == f"part ended with 3: see {supervisor.log_of('part')}; it starts again in 0.01 s"
    assert supervisor.restarts["part"] >= 3
    assert supervisor.log_of("part").read_text().count("alive") >= 4


async def test_a_killed_child_is_back(supervisor: Supervisor, crashes: Crashes) -> None:
    await supervisor.start(python("part", SLEEP))
    first = supervisor.pids["part"]
    os.kill(first, signal.SIGKILL)
    await crashes.reach(1)
    assert "ended with SIGKILL" in str(crashes[0])
    await until(lambda: supervisor.pids.get("part", first) != first)
    assert supervisor.restarts == {"part": 1}


async def test_children_end_in_reverse_order(tmp_path: Path, supervisor: Supervisor) -> None:
    order = tmp_path / "order"
    for name in ("one", "two", "three"):
        await supervisor.start(
            python(
                name,
                f"""
                import signal, time
                def end(*_):
                    open({str(order)!r}, 'a').write('{name} ')
                    raise SystemExit(0)
                signal.signal(signal.SIGTERM, end)
                print('ready')
                time.sleep(600)
                """,
            )
        )
    await until(lambda: all("ready" in supervisor.log_of(name).read_text() for name in supervisor.pids))
    await supervisor.stop("two")
    assert list(supervisor.pids) == ["one", "three"]
    await supervisor.stop()
    assert order.read_text().split() == ["two", "three", "one"]
    assert supervisor.pids == {}


async def test_a_stubborn_child_is_killed_with_what_it_started(supervisor: Supervisor) -> None:
    await supervisor.start(python("part", STUBBORN))
    await until(lambda: supervisor.log_of("part").read_text().endswith("\n"))
    grandchild = int(supervisor.log_of("part").read_text())
    child = supervisor.pids["part"]
    await supervisor.stop()
    await until(lambda: command_line(child) is None and command_line(grandchild) is None)


async def test_a_child_that_waits_to_start_again_can_be_stopped(tmp_path: Path, crashes: Crashes) -> None:
    supervisor = Supervisor(tmp_path, SystemClock(), crashes, Backoff(first=600, most=600))
    await supervisor.start(python("part", "raise SystemExit(1)"))
    await crashes.reach(1)
    async with asyncio.timeout(5):
        await supervisor.stop()
    assert len(crashes) == 1


async def test_a_name_runs_once_and_a_program_must_exist(supervisor: Supervisor) -> None:
    await supervisor.start(python("part", SLEEP))
    with pytest.raises(ValueError, match="part runs already"):
        await supervisor.start(python("part", SLEEP))
    with pytest.raises(FileNotFoundError):
        await supervisor.start(Command("other", ["/no/such/program"], {}))
    await supervisor.stop("part")
    await supervisor.start(python("part", SLEEP))


async def test_a_large_log_is_put_aside(supervisor: Supervisor) -> None:
    with supervisor.log_of("part").open("wb") as log:
        log.truncate(LARGEST_LOG + 1)
    await supervisor.start(python("part", SLEEP))
    await until(lambda: supervisor.log_of("part").read_text() == "up\n")
    assert supervisor.log_of("part").with_suffix(".log.1").stat().st_size == LARGEST_LOG + 1


async def test_a_child_that_lived_begins_anew(tmp_path: Path, crashes: Crashes) -> None:
    supervisor = Supervisor(tmp_path, HurriedClock(), crashes, Backoff(first=0.01, most=600, steady=60))
    await supervisor.start(python("part", "raise SystemExit(1)"))
    await crashes.reach(3)
    await supervisor.stop()
    assert [crash.delay for crash in crashes[:3]] == [0.01, 0.01, 0.01]


def test_the_wait_doubles_up_to_its_most() -> None:
    backoff = Backoff(first=1, most=30)
    assert [backoff.after(n) for n in (1, 2, 3, 6, 10_000)] == [1, 2, 4, 30, 30]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(f"""
            import asyncio, os, sys
            from pathlib import Path
            from runtime.clock import SystemClock
            from runtime.supervision import Command, Supervisor

            async def main():
                supervisor = Supervisor(Path({str(tmp_path)!r}), SystemClock(), print)
                await supervisor.start(Command("part", [sys.executable, "-c", {SLEEP!r}], os.environ))
                print(supervisor.pids["part"], flush=True)
                await asyncio.sleep(600)

            asyncio.run(main())
        """),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert command_line(child) is not None
    parent.kill()
    await parent.wait()
    await until(lambda: command_line(child) is None)
