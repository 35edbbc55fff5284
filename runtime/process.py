"""Child processes that do not outlive their parent, and what is left of them if they did."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""


def dies_with_parent(told: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn`: on Linux the kernel sends the child this signal when the thread that started it ends.

    So a child must be started by a thread that lives as long as it should: the main one. None elsewhere.
    """
    if sys.platform != "linux":
        return None
    # Loaded before the fork: a child of a process with threads should do no more than one system call.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(told), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def as_user(user: str | None) -> dict[str, Any]:
    """What `subprocess` must be told to run a program as this user, with nothing of this process's groups.

    None: as this process.
    """
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def start_process(
    command: Sequence[str | Path],
    log: IO[bytes],
    on_parent_death: signal.Signals,
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own, so that Ctrl-C reaches only its parent, writing to `log`."""
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=env,
        **as_user(user),
        start_new_session=True,
        preexec_fn=dies_with_parent(on_parent_death),  # noqa: PLW1509 (one system call, see there)
    )


def stop_process(process: subprocess.Popen[bytes], gently: signal.Signals, grace: float) -> None:
    """Asks a child to end, and after `grace` seconds ends it."""
    if process.poll() is not None:
        return
    process.send_signal(gently)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ended_with(code: int) -> str:
    """What a process ended with: its exit status, or the signal that a negative number stands for."""
    return signal.Signals(-code).name if code < 0 else str(code)


def command_line(pid: int) -> str | None:
    """The command line of a process, words joined by spaces; None where there is no such process."""
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip() or None
        except OSError:
            return None
    ask = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    told = subprocess.run(ask, capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def end_leftover(pid: int, marks: Sequence[str], gently: signal.Signals, grace: float) -> bool:
    """Ends a process of an earlier run, if `pid` is still the one whose command line has all `marks`.

    Returns whether it was. A process that took the number over since is left alone.
    """
    if not _is_marked(pid, marks):
        return False
    os.kill(pid, gently)
    deadline = time.monotonic() + grace
    while _is_marked(pid, marks) and time.monotonic() < deadline:
        time.sleep(0.05)
    if _is_marked(pid, marks):
        os.kill(pid, signal.SIGKILL)
    while _is_marked(pid, marks):
        time.sleep(0.05)
    return True


def _is_marked(pid: int, marks: Sequence[str]) -> bool:
    line = command_line(pid)
    return line is not None and all(mark in line for mark in marks)
