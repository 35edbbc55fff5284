"""A process that loads one partition after the other; `projections.spreading` starts it and tells it which.

python -m projections.loader
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from typing import IO, Any

import uvloop

from projections.domains import PROJECTIONS
from projections.loading import Loader, Target
from projections.spreading import LENGTH_BYTES, LoaderFailed
from runtime import postgres
from runtime.logging import configure_logging
from runtime.memory import spare_collector


class Answers:
    """What is said to whoever started this process."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def say(self, what: object) -> None:
        """One answer, at once."""
        said = pickle.dumps(what)
        self._out.write(len(said).to_bytes(LENGTH_BYTES, "little") + said)
        self._out.flush()


async def load(told: IO[bytes], answers: Answers) -> None:
    """Loads what it is told, until nobody tells it any more: offsets that are behind are numbers, and None ends."""
    target: Target = pickle.load(told)  # noqa: S301 - our own parent
    pool = await postgres.create_pool(target.settings, target.schema, max_size=1)
    async with pool:
        loader = Loader(target, PROJECTIONS[target.domain], pool)
        while (part := _next(told)) is not None:
            await loader.load(*part, answers.say)
            answers.say(None)


def _next(told: IO[bytes]) -> tuple[int, int] | None:
    try:
        part: tuple[int, int] = pickle.load(told)  # noqa: S301 - our own parent
    except EOFError:
        return None
    return part


def portable(error: Exception) -> Exception:
    """The error itself, with where it came from, if another process can read it; else its words."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made this moment
    except Exception:  # noqa: BLE001 - whatever an error's own making raises
        return LoaderFailed(f"{type(error).__name__}: {error}")
    return error


def main() -> None:
    """Takes standard output for itself: whatever is printed goes to the other one."""
    out: Any = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    configure_logging("CRITICAL")
    spare_collector()
    answers = Answers(out)
    try:
        uvloop.run(load(sys.stdin.buffer, answers))
    except Exception as error:  # noqa: BLE001 - a process's outer edge: its parent raises it
        answers.say(portable(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
