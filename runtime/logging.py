"""How a process speaks: structlog, one line an event, to stderr."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import stamina.instrumentation
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from runtime.settings import LogFormat, LogLevel


def configure_logging(
    level: LogLevel = "WARNING", style: LogFormat = "console", stream: TextIO | None = None
) -> None:
    """Sends this process's log, that of its libraries included, to one place in one style.

    Called once, by the command that starts the process.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(style, out)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    stamina.instrumentation.set_on_retry_hooks([tell_retry])


def tell_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """Says why something is tried again. With what it was called are records and texts, which are not to be told."""
    structlog.get_logger("relearn.retries").warning(
        "trying again",
        what=details.name,
        reason=next(iter(str(details.caused_by).splitlines()), "") or repr(details.caused_by),
        kind=type(details.caused_by).__name__,
        attempt=details.retry_num,
        wait=round(details.wait_for, 2),
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending(style: LogFormat, out: TextIO) -> list[Processor]:
    """A traceback says where it happened. The values of variables are customers' words and our secrets."""
    if style == "json":
        tracebacks = ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
