"""Faust as enrichers use it: it hands over bytes and keeps the group, and nothing else.

Every setting here is there for a reason that was measured; none is a matter of taste.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from faust.auth import SASLCredentials, SSLCredentials
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from faust.types.auth import CredentialsT

from runtime import kafka
from runtime.settings import Settings
from schemas.topics import MAX_INPUT_BYTES

GATHERED_BYTES = 64 * 1024
"""A broker answers as soon as it has so much, or after `kafka.LONGEST_POLL_MS`: few large answers, not many small."""

RUN = 128
"""Inputs that stand next to each other and are handed over as one message, at most."""

BUFFERED = 4
"""Runs that Faust may hold for one agent. A run has at most what one fetch brings of one partition."""


class RunsThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer with waits of its own: Faust's are fixed at 1.5 and 1 seconds.

    For the first time a full partition stands still when it is used up while the others are asked for; for the
    second when its stream's buffer has room again while nothing comes from the others.
    """

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:
        """What has come, one run for each partition, waiting no longer than a broker would."""
        found = await super().getmany(active_partitions, min(timeout, kafka.LONGEST_POLL_MS / 1000))
        return {tp: [records] for tp, records in found.items() if records}

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # No setting of Faust's reaches these two; aiokafka reads them when it starts.
        consumer._fetch_max_wait_ms = kafka.LONGEST_POLL_MS  # noqa: SLF001
        consumer._fetch_min_bytes = GATHERED_BYTES  # noqa: SLF001
        return consumer


class RunsConsumer(driver.Consumer):
    """Hands over runs: a message is what stands in one partition from one offset to another.

    Faust's work for a message takes as long as all that is done with the input in it.
    """

    def _new_consumer_thread(self) -> RunsThread:
        return RunsThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, run: Sequence[ConsumerRecord]) -> ConsumerMessage:
        """A message that stands at the run's last offset; its value is the run itself."""
        message = super()._to_message(tp, run[-1])
        message.key = None
        message.value = run  # type: ignore[assignment]  # Faust's word for what nothing decodes is bytes
        return message

    async def _add_gap(self, *_: object) -> None:
        """What stands between two messages is a run, and no gap."""

    def _new_offset(self, tp: TP) -> int | None:
        """After the last run that is acknowledged: the one agent of a topic acknowledges them in their order."""
        acked, self._acked[tp] = self._acked[tp], []
        self._acked_index[tp].difference_update(acked)
        return max(acked) + 1 if acked else None


class RunsTransport(driver.Transport):
    Consumer = RunsConsumer


def new_app(settings: Settings, app_id: str, loop: asyncio.AbstractEventLoop) -> faust.App:
    """An app without agents, for this loop alone."""
    app = faust.App(
        app_id,
        loop=loop,
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
        broker_max_poll_records=RUN,
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
    app.transport = RunsTransport(app.conf.broker_consumer, app, loop=loop)
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
