"""`relearn log`: a log to files and back, and tables held against it: each kind of difference is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition

from projections.writer import Entry
from runtime import postgres
from runtime.kafka import create_topics
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas.enriched import Coordinates
from schemas.outcome import DeadLettered, InputMoved
from schemas.policy import LearningPolicy
from schemas.record import Record
from schemas.topics import LEARNING, every_topic
from tests.cli.conftest import adopted, write_log
from tests.cli.running import relearn
from tests.projections.conftest import new_writer

PARTITION = 1
LOG = LEARNING.log.name


def opening() -> Record:
    return Record(0, 1, "p", (adopted(LearningPolicy()),))


def refused(seq: int) -> Record:
    """Every third input has no consequence at all."""
    at = Coordinates("learning.events", PARTITION, seq, seq)
    outcomes = (DeadLettered(reason="not JSON"), InputMoved(home=0))[: seq % 3]
    return Record(seq, 1 + seq, "p", outcomes, at, enriched_offset=seq, raw=b"{")


@dataclass
class Shown:
    """A log of one partition, and its tables."""

    settings: Settings
    records: list[Record] = field(default_factory=list)

    async def write(self, *records: Record) -> None:
        await write_log(self.settings, PARTITION, *records)

    async def show(self) -> None:
        """Shows all that stands in the log and was not shown yet."""
        async with await postgres.create_pool(self.settings, LEARNING.name, max_size=1) as pool:
            writer = new_writer(pool)
            at = await writer.position(PARTITION)
            await writer.apply(PARTITION, at, await self._entries(at.next_offset))

    async def _entries(self, begin: int) -> list[Entry]:
        tp = TopicPartition(self.settings.topic(LOG), PARTITION)
        async with reader(self.settings, tp) as consumer:
            lots = [lot async for lot in read(consumer, tp, begin, await end_of(consumer, tp))]
        return [Entry(m.offset, m.value) for lot in lots for m in lot]

    async def execute(self, *statements: str) -> None:
        conn = await postgres.connect(self.settings, LEARNING.name)
        try:
            for statement in statements:
                await conn.execute(statement)
        finally:
            await conn.close()

    async def verify(self, *words: str) -> Any:
        return await relearn("log", "verify", *words, env=self.settings.environment())

    async def difference(self) -> str:
        done = await self.verify()
        assert done.exit_code == 1, done.output
        return " ".join(done.stderr.split())


@pytest.fixture
async def shown(settings: Settings) -> Shown:
    """Ten records, all in the tables."""
    await create_topics(settings, every_topic())
    shown = Shown(settings)
    await shown.write(opening(), *map(refused, range(1, 10)))
    await shown.show()
    return shown


WITHOUT_GUARD = "ALTER TABLE learning_audit_log DISABLE TRIGGER audit_is_append_only"


async def test_what_belongs_together_is_said_to(shown: Shown) -> None:
    await shown.write(refused(10), refused(11))
    done = await shown.verify()
    assert done.exit_code == 0, done.output
    assert "log and tables belong together" in done.stdout
    found = orjson.loads((await shown.verify("--json")).stdout)
    assert found[PARTITION] == {
        "partition": 1,
        "records": 10,
        "outcomes": 1 + sum(n % 3 for n in range(1, 10)),
        "shops": 0,
        "behind": 2,
    }
    assert [each["records"] for each in found] == [0, 10, 0, 0]


async def test_a_lost_audit_row_is_found(shown: Shown) -> None:
    await shown.execute(
        WITHOUT_GUARD, "DELETE FROM learning_audit_log WHERE action = 'InputMoved' AND log_offset < 12"
    )
    assert "decided DeadLettered, InputMoved; the audit has DeadLettered of" in await shown.difference()


async def test_a_lost_record_of_the_audit_is_found(shown: Shown) -> None:
    await shown.execute(WITHOUT_GUARD, "DELETE FROM learning_audit_log WHERE log_offset > 12")
    assert "the audit has no more" in await shown.difference()


@pytest.mark.parametrize(
    ("offset", "words"),
    [("7", "the audit has DeadLettered of 7"), ("next_offset", "is shown only up to")],
    ids=["between", "beyond"],
)
async def test_an_audit_row_of_no_record_is_found(shown: Shown, offset: str, words: str) -> None:
    await shown.execute(
        "INSERT INTO learning_audit_log (shop_id, id, at, action, topic, log_partition, log_offset)"
        f" SELECT 0, gen_random_uuid(), now(), 'DeadLettered', topic, partition, {offset}"
        " FROM positions WHERE seq > 0"
    )
    assert words in await shown.difference()


async def test_a_position_that_was_moved_is_found(shown: Shown) -> None:
    await shown.execute("UPDATE positions SET seq = seq + 1 WHERE seq > 0")
    assert "have applied 11 records up to 19; the log has 10 there" in await shown.difference()


async def test_tables_of_a_longer_log_are_found(shown: Shown, settings: Settings) -> None:
    """As when the log was restored from an older export than the tables."""
    other = Shown(settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}short."}))
    await create_topics(other.settings, every_topic())
    await other.write(opening(), refused(1))
    assert "it has lost its end, or the tables are of another log" in await other.difference()


async def test_tables_of_another_log_are_found(shown: Shown, settings: Settings) -> None:
    """As long as this one, but imported: in larger transactions, so records stand elsewhere."""
    other = Shown(settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}other."}))
    await create_topics(other.settings, every_topic())
    await write_log(other.settings, PARTITION, opening(), *map(refused, range(1, 30)), together=True)
    assert f"{LOG}[{PARTITION}] 1 decided DeadLettered; the audit has DeadLettered of 2" in (
        await other.difference()
    )


async def test_a_foreign_shop_is_found(shown: Shown) -> None:
    await shown.execute("INSERT INTO shops (shop_id, partition) VALUES (7, 1)")
    assert "shop 7 is in learning.decisions[1] by the tables" in await shown.difference()


async def test_a_log_goes_to_files_and_back(shown: Shown, settings: Settings, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup")
    done = await relearn("log", "export", backup, "--json", env=settings.environment())
    assert done.exit_code == 0, done.output
    new = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}new."})
    await create_topics(new, every_topic())
    again = await relearn("log", "import", backup, "--json", env=new.environment())
    assert again.exit_code == 0, again.output
    assert orjson.loads(again.stdout) == orjson.loads(done.stdout)
    assert values(await messages(new)) == values(await messages(settings))
    once_more = await relearn("log", "import", backup, env=new.environment())
    assert once_more.exit_code == 1
    assert "is not empty" in once_more.stderr


async def messages(settings: Settings) -> Sequence[Entry]:
    return await Shown(settings)._entries(0)


def values(entries: Sequence[Entry]) -> list[bytes]:
    return [entry.value for entry in entries]


async def test_an_unknown_domain_is_refused(kafka_settings: Settings, tmp_path: Path) -> None:
    words = ("log", "export", str(tmp_path), "--domain", "nowhere")
    done = await relearn(*words, env=kafka_settings.environment())
    assert done.exit_code == 1
    assert "there is no domain 'nowhere'; known: learning" in done.stderr
