"""The words of an erased person are in no file of Kafka and Postgres, once the log is another and time has passed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from cli.migrate import upgrade_all
from cli.scenario import Message
from runtime import kafka
from runtime.closing import connected
from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedding import Embedder
from runtime.settings import Settings
from schemas import codec
from schemas.conversation import ConversationRecorded
from schemas.conversation import Message as Turn
from schemas.correction import ResponseCorrected
from schemas.event import Event, ShopData
from schemas.feedback import FeedbackGiven
from schemas.review import SubjectErased
from schemas.topics import LEARNING
from tests.cli.conftest import replay, write_log
from tests.cli.played import NOW, decide
from tests.cli.replayed import Replayed

WORDS = b"Quixotic"
GONE_SECONDS = 60
TALK, OTHER = UUID(int=1), UUID(int=2)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SAID: tuple[ShopData, ...] = (
    ConversationRecorded(
        conversation_id=TALK,
        user_id="ann",
        channel="web",
        handoff=True,
        summary="Quixotic parcel",
        messages=[
            Turn(role="user", content="I am Quixotic. Where is my parcel?"),
            Turn(role="owner", content="On its way, Quixotic."),
        ],
    ),
    FeedbackGiven(
        conversation_id=OTHER,
        feedback_type="thumbs_down",
        question="How long do Quixotic refunds take?",
        reason="Quixotic.",
        actor_id="ann",
        metadata={"name": "Quixotic"},
    ),
    ResponseCorrected(
        conversation_id=OTHER,
        question="Do Quixotic gift cards expire?",
        original_response="No idea, Quixotic.",
        corrected_answer="Quixotic ones never do.",
        priority="urgent",
        actor_id="ann",
    ),
    FeedbackGiven(
        conversation_id=OTHER, feedback_type="thumbs_down", question="Are you open on Sunday?", actor_id="bob"
    ),
    SubjectErased(erased_actor_id="ann", reason="asked"),
)


def message(number: int, data: ShopData) -> Message:
    topic = LEARNING.input_of(data.TYPE)
    assert topic is not None
    event = Event(UUID(int=100 + number), "/tests", NOW, 7, None, data)
    return Message(f"{number}", topic.name, b"7", codec.encode(event))


MESSAGES = [message(*each) for each in enumerate(SAID)]


@pytest.fixture
async def servers(folder: Path) -> AsyncIterator[Settings]:
    """Servers of this test's own, which do at once what others do in minutes."""
    hurried = {
        "log.retention.check.interval.ms": 200,
        "log.initial.task.delay.ms": 0,
        "log.segment.delete.delay.ms": 100,
    }
    broker = EmbeddedKafka(folder / "kafka", options=hurried)
    with tempfile.TemporaryDirectory(prefix="relearn-") as own:
        database = EmbeddedPostgres(Path(own), {"fsync": "off", "wal_recycle": "off"})
        try:
            settings = Settings(
                kafka_bootstrap_servers=await broker.start(),
                database_url=await database.start(),
                data_dir=Path(own),
                partitions=1,
            )
            await upgrade_all(settings)
            yield settings
        finally:
            await broker.stop()
            await database.stop()


async def test_words_are_there_before_and_not_after(
    servers: Settings, folder: Path, embedder: Embedder
) -> None:
    decided = await asyncio.to_thread(decide, embedder, MESSAGES)
    made = await replay(servers, decided[:-1])
    await produce(servers)
    await checkpoint(made)
    assert holding(folder / "kafka"), "in inputs and log"
    assert holding(servers.data_dir), "in tables"

    await write_log(made.settings, 0, decided[-1].record)
    await made.show()
    for words in (("create", "--erased"), ("adopt", "2"), ("drop", "1", "--yes")):
        await made.told("generation", *words)
    assert await made.different() == {}
    await let_inputs_go(servers)
    async with asyncio.timeout(GONE_SECONDS):
        while found := holding(folder / "kafka") + holding(servers.data_dir):
            await checkpoint(made)
            await asyncio.sleep(0.5)
    assert not found


def holding(folder: Path) -> list[Path]:
    """The files that have the words."""
    return [path for path in folder.rglob("*") if path.is_file() and WORDS in content(path)]


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


async def produce(settings: Settings) -> None:
    """The inputs as they were sent."""
    async with connected(kafka.producer(settings)) as producer:
        for each in MESSAGES[:-1]:
            await producer.send_and_wait(settings.topic(each.topic), each.value, each.key)


async def let_inputs_go(settings: Settings) -> None:
    """As if a month had passed."""
    told = [
        ConfigResource(ConfigResourceType.TOPIC, settings.topic(topic.name), {"retention.ms": "1"})
        for topic in LEARNING.inputs
    ]
    async with connected(kafka.admin(settings)) as admin:
        await admin.alter_configs(told)


async def checkpoint(made: Replayed) -> None:
    """What is in memory and in the WAL is in the files of the tables, and old WAL is removed."""
    for statement in ("SELECT pg_switch_wal()", "CHECKPOINT"):
        await made.execute(statement)
