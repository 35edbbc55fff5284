"""Failures as one sentence for the person who typed the command."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping

from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError
from pydantic import ValidationError

from cli.importers import ImportRefused
from projections.failures import LogRefused as ShownLogRefused
from projections.failures import RecordRefused
from projections.schemas import SchemaHeld, SchemaTaken
from projections.spreading import LoaderEnded, LoaderFailed
from projections.watchdog import Stalled
from runtime.access import AccessRefused, check_access
from runtime.embedded.jars import JarsMissing
from runtime.embedded.kafka import BrokerFailed
from runtime.embedded.postgres import ServerFailed
from runtime.kafka import TopicRefused
from runtime.migration import MigrationRefused
from runtime.postgres import VectorsMissing
from runtime.settings import SettingsError, load_settings
from runtime.tracing import TelemetryMissing
from schemas.documents import IncompatibleChange
from schemas.failures import InvalidEvent, UnreadableRecord
from streams.archive import ArchiveRefused
from streams.enrichment.rewind import EnrichersRunning
from streams.log import LogRefused
from streams.reconnecting import ReconnectionRefused

Words = Callable[[Exception], str]


class Failed(Exception):
    """A command could not do what was asked; the message is the whole sentence."""


def sentence(error: Exception) -> str:
    """What happened, for a person: the words of a known failure, else the kind of the unknown one."""
    while isinstance(error, ExceptionGroup):
        # What ran side by side fails side by side; the first to fail is told.
        error = error.exceptions[0]
    for kind, words in WORDS.items():
        if isinstance(error, kind):
            return words(error)
    if (state := getattr(error, "sqlstate", None)) is not None:
        return f"Postgres refused: {first_line(error)} ({state})"
    return f"unexpected {type(error).__name__}: {first_line(error)} (relearn --debug shows where)"


def first_line(error: Exception) -> str:
    """The first line of what an exception says."""
    return next(iter(str(error).splitlines()), "")


def validation(error: Exception) -> str:
    """Where a model says no, and why."""
    assert isinstance(error, ValidationError)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _unreachable(error: Exception) -> str:
    try:
        # It may be there and not let us in: whoever got this error does not know.
        asyncio.run(check_access(load_settings()))
    except AccessRefused as refused:
        return str(refused)
    except SettingsError:
        # A command that was told elsewhere where the brokers are.
        pass
    return f"Kafka cannot be reached ({first_line(error)}): is it running at RELEARN_KAFKA_BOOTSTRAP_SERVERS?"


def _kafka(error: Exception) -> str:
    return f"Kafka refused: {first_line(error)}"


def _too_large(error: Exception) -> str:
    return (
        f"the broker takes no message so large ({first_line(error)}). So it also refuses events for inputs that are "
        "closed, because their domain gets another number of partitions: `relearn generation list` tells. Then do it "
        "again: what is there already is decided once"
    )


def _untrusted(error: Exception) -> str:
    # Those of brokers come as AccessRefused.
    why = getattr(error, "verify_message", "")
    return (
        f"the certificate of Postgres is not trusted ({why}): is its authority in sslrootcert, and its name the "
        "host, in RELEARN_DATABASE_URL?"
    )


def _settings(error: Exception) -> str:
    return f'{error}: against a tree that runs here, type `eval "$(relearn env)"` first'


WORDS: Mapping[type[Exception], Words] = {
    Failed: str,
    SettingsError: _settings,
    InvalidEvent: str,
    ImportRefused: str,
    IncompatibleChange: lambda error: f"this would break readers of what is published: {error}",
    UnreadableRecord: str,
    MigrationRefused: str,
    TopicRefused: str,
    VectorsMissing: str,
    TelemetryMissing: str,
    JarsMissing: str,
    BrokerFailed: str,
    ServerFailed: str,
    ValidationError: validation,
    AccessRefused: str,
    KafkaConnectionError: _unreachable,
    MessageSizeTooLargeError: _too_large,
    KafkaError: _kafka,
    FileNotFoundError: lambda error: f"there is no file {getattr(error, 'filename', '')}",
    EnrichersRunning: str,
    ArchiveRefused: str,
    ReconnectionRefused: str,
    LogRefused: str,
    ShownLogRefused: str,
    RecordRefused: str,
    LoaderEnded: str,
    LoaderFailed: str,
    SchemaHeld: str,
    SchemaTaken: str,
    Stalled: str,
    TimeoutError: lambda error: f"took too long: {first_line(error)}",
    ssl.SSLCertVerificationError: _untrusted,
    ConnectionError: lambda error: f"a server cannot be reached: {first_line(error)}",
    OSError: str,
}
"""The first kind that an error is decides."""
