"""Faust as enrichers use it: it hands over bytes and keeps the group, and nothing else.

Every setting here is there for a reason that was measured; none is a matter of taste.
"""

from __future__ import annotations

import asyncio
import tempfile
import types
from collections.abc import Coroutine, Generator
from functools import partial
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from faust.auth import SASLCredentials, SSLCredentials
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.auth import CredentialsT
from mode.services import WaitArgT, WaitResults

from runtime import kafka
from runtime.settings import Settings
from schemas.topics import MAX_INPUT_BYTES

GATHERED_BYTES = 64 * 1024
"""A broker answers as soon as it has so much, or after `kafka.LONGEST_POLL_MS`: few large answers, not many small."""

BUFFERED = 512
"""Inputs that Faust may hold for one agent: 512 MiB, if all are of the largest size."""


class Unwatched(faust.Monitor):
    """Faust's own figures of every message cost an eighth of its time, and nobody asks for them."""

    def on_message_in(self, *_: Any) -> None:
        """Counts nothing."""

    def on_message_out(self, *_: Any) -> None:
        """Counts nothing."""

    def on_stream_event_in(self, *_: Any) -> None:
        """Counts nothing."""

    def on_stream_event_out(self, *_: Any) -> None:
        """Counts nothing."""


class PromptThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer with waits of its own: Faust's are fixed at 1.5 and 1 seconds.

    For the first time a full partition stands still when it is used up while the others are asked for; for the
    second when its stream's buffer has room again while nothing comes from the others.
    """

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:
        """What has come, waiting no longer than a broker would."""
        return await super().getmany(active_partitions, min(timeout, kafka.LONGEST_POLL_MS / 1000))

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # No setting of Faust's reaches these two; aiokafka reads them when it starts.
        consumer._fetch_max_wait_ms = kafka.LONGEST_POLL_MS  # noqa: SLF001
        consumer._fetch_min_bytes = GATHERED_BYTES  # noqa: SLF001
        return consumer


async def _resumed(begun: Coroutine[Any, Any, Any], awaited: Any) -> None:
    await _rest(begun, awaited)


@types.coroutine
def _rest(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, None]:
    """What is left of a coroutine that waits for this."""
    while True:
        try:
            sent = yield awaited
        except GeneratorExit:
            begun.close()
            raise
        except BaseException as error:  # noqa: BLE001 - the coroutine's own to handle, cancellation included
            go_on = partial(begun.throw, error)
        else:
            go_on = partial(begun.send, sent)
        try:
            awaited = go_on()
        except StopIteration:
            return


class PromptConsumer(driver.Consumer):
    """Hands each message over at once where nothing hinders it.

    Faust makes two tasks of every message, in case one must wait for room: half of all that Faust costs.
    """

    async def wait_first(self, *works: WaitArgT, **options: Any) -> WaitResults:
        """Runs the first coroutine as far as it comes by itself; if it must wait, goes on as Faust does."""
        first, *others = works
        if not asyncio.iscoroutine(first):
            return await super().wait_first(*works, **options)
        try:
            awaited = first.send(None)
        except StopIteration as end:
            for other in others:
                if asyncio.iscoroutine(other):
                    other.close()
            return WaitResults([first], [end.value], False)
        return await super().wait_first(_resumed(first, awaited), *others, **options)

    def _new_consumer_thread(self) -> PromptThread:
        return PromptThread(self, loop=self.loop, beacon=self.beacon)


class PromptTransport(driver.Transport):
    Consumer = PromptConsumer


def new_app(settings: Settings, app_id: str, loop: asyncio.AbstractEventLoop) -> faust.App:
    """An app without agents, for this loop alone."""
    app = faust.App(
        app_id,
        loop=loop,
        monitor=Unwatched(),
        broker=[f"kafka://{server.strip()}" for server in settings.kafka_bootstrap_servers.split(",")],
        broker_credentials=credentials(settings),
        # What Faust cannot decode it drops and acknowledges: so it must not decode.
        value_serializer="raw",
        key_serializer="raw",
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * MAX_INPUT_BYTES,
        # A killed worker's partitions are given to others, or to its successor, after this time.
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        stream_buffer_maxsize=BUFFERED,
        # A rebalance waits until what is in hand is written and acknowledged.
        stream_wait_empty=True,
        topic_allow_declare=False,
        topic_disable_leader=True,
        # At 0 Faust takes another assignor, which does not keep the inputs of a partition together.
        table_standby_replicas=1,
        web_enabled=False,
        worker_redirect_stdouts=False,
        # Nothing is ever kept there, but Faust insists on the folder.
        datadir=Path(tempfile.gettempdir()) / f"{app_id}-faust",
    )
    app.transport = PromptTransport(app.conf.broker_consumer, app, loop=loop)
    return app


def credentials(settings: Settings) -> CredentialsT | None:
    """TLS and SASL as Faust wants to be told of them; None for a plain connection."""
    told: dict[str, Any] = dict(kafka.connection(settings))
    context = told.get("ssl_context")
    if "sasl_mechanism" in told:
        return SASLCredentials(
            username=told["sasl_plain_username"],
            password=told["sasl_plain_password"],
            mechanism=told["sasl_mechanism"],
            ssl_context=context,
        )
    return SSLCredentials(context) if context is not None else None
