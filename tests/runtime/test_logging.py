"""One line an event, quiet unless asked, libraries included."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import stamina.instrumentation
import structlog

from runtime.logging import configure_logging
from runtime.settings import LogFormat


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)


def test_json_lines_carry_what_was_bound() -> None:
    out = io.StringIO()
    configure_logging("INFO", "json", out)
    structlog.get_logger("decider").info("partition assigned", partition=3)
    logging.getLogger("aiokafka").warning("no %s", "coordinator")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["partition"], ours["level"], ours["logger"]) == (
        "partition assigned",
        3,
        "info",
        "decider",
    )
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("no coordinator", "warning", "aiokafka")


def test_it_is_quiet_by_default() -> None:
    out = io.StringIO()
    configure_logging(stream=out)
    structlog.get_logger("decider").info("all is well")
    logging.getLogger("aiokafka").info("all is well")
    assert out.getvalue() == ""
    structlog.get_logger("decider").warning("partition waiting", partition=3)
    assert "partition waiting" in out.getvalue()
    assert "partition=3" in out.getvalue()


def test_an_exception_is_one_json_line() -> None:
    out = io.StringIO()
    configure_logging("WARNING", "json", out)
    try:
        raise ValueError("no such shop")
    except ValueError:
        structlog.get_logger("decider").exception("stopped")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_value"] == "no such shop"


async def test_what_is_tried_again_says_why_and_nothing_of_its_arguments() -> None:
    out = io.StringIO()
    configure_logging("WARNING", "json", out)
    calls = iter([OSError("No space left on device\nDETAIL: what a customer said"), None])

    async def write(record: str) -> None:
        if error := next(calls):
            raise error

    await stamina.AsyncRetryingCaller(attempts=2, wait_max=0.01).on(OSError)(write, "what a customer said")
    [line] = out.getvalue().splitlines()
    assert json.loads(line)["reason"] == "No space left on device"
    assert "customer" not in line


@pytest.mark.parametrize("style", ["console", "json"])
def test_tracebacks_do_not_tell_what_variables_hold(style: LogFormat) -> None:
    def decide(transcript: str) -> None:
        raise RuntimeError("cannot decide")

    out = io.StringIO()
    configure_logging("WARNING", style, out)
    try:
        decide("my card number is 1234")
    except RuntimeError:
        structlog.get_logger("decider").exception("stopped")
    assert "cannot decide" in out.getvalue()
    assert "test_logging.py" in out.getvalue()
    assert "1234" not in out.getvalue().replace('decide("my card number is 1234")', "")
