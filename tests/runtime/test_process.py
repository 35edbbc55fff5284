"""A child is asked, then made to end; a process of an earlier run is ended only if it is really that one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from runtime.process import command_line, end_leftover, start_process, stop_process

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []
    log: IO[bytes] = (tmp_path / "log").open("wb")

    def begin(code: str) -> subprocess.Popen[bytes]:
        process = start_process([sys.executable, "-c", code], log, signal.SIGKILL)
        started.append(process)
        while (tmp_path / "log").read_bytes() != b"up\n":
            assert process.poll() is None
            time.sleep(0.01)
        return process

    yield begin
    log.close()
    for process in started:
        process.kill()
        process.wait()


def test_a_willing_child_is_asked(start: Start) -> None:
    process = start(SLEEP)
    stop_process(process, signal.SIGTERM, grace=20)
    assert process.returncode == -signal.SIGTERM
    stop_process(process, signal.SIGTERM, grace=20)


def test_a_stubborn_child_is_made_to(start: Start) -> None:
    process = start(STUBBORN)
    stop_process(process, signal.SIGTERM, grace=0.1)
    assert process.returncode == -signal.SIGKILL


def test_a_command_line_is_there_while_its_process_is(start: Start) -> None:
    process = start(SLEEP)
    line = command_line(process.pid)
    assert line is not None
    assert line.startswith(sys.executable)
    process.kill()
    process.wait()
    assert command_line(process.pid) is None


@pytest.mark.parametrize(("code", "end"), [(SLEEP, signal.SIGTERM), (STUBBORN, signal.SIGKILL)])
def test_a_leftover_is_ended_however_stubborn(start: Start, code: str, end: signal.Signals) -> None:
    process = start(code)
    assert end_leftover(process.pid, ("python", "time.sleep"), signal.SIGTERM, grace=0.2)
    assert process.wait(20) == -end


def test_another_process_is_left_alone(start: Start) -> None:
    process = start(SLEEP)
    assert not end_leftover(process.pid, ("python", "kafka.Kafka"), signal.SIGTERM, grace=0.1)
    assert process.poll() is None
