"""Rows and position together, or neither; what cannot be applied is found, and what came before it is shown."""

from __future__ import annotations

import asyncpg
import pytest

from projections.failures import RecordRefused, StalePosition
from projections.positions import Position
from projections.writer import Entry, Writer
from schemas.response import ResponseServed
from schemas.stored import ResponseStored
from tests.projections.conftest import new_writer
from tests.projections.learning_log import SHOP, Log

START = Position(0, 0)


def respond(log: Log, response_type: str = "chat") -> None:
    data = ResponseServed(conversation_id=log.new_id(), response_text="5 days", response_type=response_type)
    event = log.event(data)
    log.add(event, ResponseStored(shop_id=SHOP, id=event.id))


def responses(count: int) -> Log:
    log = Log().opened()
    for _ in range(count):
        respond(log)
    return log


async def shown(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM response_analytics"))


async def test_rows_and_position_move_together(pool: asyncpg.Pool, writer: Writer) -> None:
    log = responses(5)
    at = await writer.apply(0, await writer.position(0), log.entries)
    assert at == Position(log.entries[-1].offset + 1, 6)
    assert await writer.position(0) == at
    assert await shown(pool) == 5
    assert await pool.fetchval("SELECT decided_at FROM positions") == log.records[-1].decided_at


async def test_a_batch_that_somebody_else_showed_is_not_shown_again(
    pool: asyncpg.Pool, writer: Writer
) -> None:
    log = responses(5)
    await writer.apply(0, await writer.position(0), log.entries)
    before = await pool.fetch("SELECT * FROM response_analytics ORDER BY id")

    with pytest.raises(StalePosition):
        await new_writer(pool).apply(0, START, log.entries)
    with pytest.raises(StalePosition):
        await new_writer(pool).apply(0, START, log.entries[:2])

    assert await pool.fetch("SELECT * FROM response_analytics ORDER BY id") == before
    assert await pool.fetchval("SELECT count(*) FROM learning_audit_log") == 6


async def test_an_event_that_is_decided_twice_makes_one_row(pool: asyncpg.Pool, writer: Writer) -> None:
    log = Log().opened()
    data = ResponseServed(conversation_id=log.new_id(), response_text="5 days", response_type="chat")
    event = log.event(data)
    for _ in range(2):
        log.add(event, ResponseStored(shop_id=SHOP, id=event.id))
    await writer.apply(0, await writer.position(0), log.entries)
    assert await shown(pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM learning_audit_log") == 3


@pytest.mark.parametrize("bad", [1, 4, 9, 20])
async def test_a_record_that_postgres_refuses_stops_its_partition_there(
    pool: asyncpg.Pool, writer: Writer, bad: int
) -> None:
    await pool.execute("ALTER TABLE response_analytics ADD CONSTRAINT whim CHECK (response_type <> 'odd')")
    log = Log().opened()
    for number in range(1, 21):
        respond(log, "odd" if number == bad else "chat")

    with pytest.raises(RecordRefused) as refusal:
        await writer.apply(0, await writer.position(0), log.entries)
    assert (refusal.value.topic, refusal.value.partition) == ("learning.decisions", 0)
    assert refusal.value.offset == log.entries[bad].offset
    assert "whim" in refusal.value.reason
    assert await shown(pool) == bad - 1
    assert await writer.position(0) == Position(log.entries[bad - 1].offset + 1, bad)

    await writer.stop(refusal.value)
    stopped = await pool.fetchrow("SELECT stopped_offset, stopped_reason FROM positions")
    assert stopped == (log.entries[bad].offset, refusal.value.reason)

    await pool.execute("ALTER TABLE response_analytics DROP CONSTRAINT whim")
    await writer.apply(0, await writer.position(0), log.entries[bad:])
    assert await shown(pool) == 20
    assert await pool.fetchrow("SELECT stopped_offset, stopped_reason FROM positions") == (None, None)


async def test_the_reason_does_not_repeat_peoples_words(pool: asyncpg.Pool, writer: Writer) -> None:
    await pool.execute("ALTER TABLE response_analytics ADD CONSTRAINT whim CHECK (response_text <> '5 days')")
    with pytest.raises(RecordRefused) as refusal:
        await writer.apply(0, await writer.position(0), responses(1).entries)
    assert "5 days" not in refusal.value.reason


async def test_bytes_that_are_no_record_stop_the_partition(writer: Writer) -> None:
    log = responses(3)
    entries = [*log.entries, Entry(log.entries[-1].offset + 1, b'{"seq": 4}')]
    with pytest.raises(RecordRefused, match="not a record"):
        await writer.apply(0, await writer.position(0), entries)
    assert (await writer.position(0)).seq == 4


async def test_a_missing_record_stops_the_partition(writer: Writer) -> None:
    log = responses(3)
    with pytest.raises(RecordRefused, match="record 3 stands where record 2 is expected"):
        await writer.apply(0, await writer.position(0), [*log.entries[:2], log.entries[3]])
    assert (await writer.position(0)).seq == 2


async def test_a_month_that_a_swap_took_away_is_made_again(pool: asyncpg.Pool, writer: Writer) -> None:
    log = responses(2)
    at = await writer.apply(0, await writer.position(0), log.entries[:2])
    await pool.execute("DROP TABLE response_analytics_2026_11")
    await writer.apply(0, at, [*log.entries[2:]])
    assert await shown(pool) == 1


async def test_partitions_are_shown_side_by_side(pool: asyncpg.Pool, writer: Writer) -> None:
    first, second = Log(0).opened(), Log(1).opened()
    for log in (first, second):
        respond(log)
        await writer.apply(log.partition, await writer.position(log.partition), log.entries)
    assert await shown(pool) == 2


async def test_a_lost_connection_is_no_fault_of_the_record(pool: asyncpg.Pool, writer: Writer) -> None:
    log = responses(1)
    at = await writer.position(0)
    await pool.execute(
        """CREATE FUNCTION leave() RETURNS TRIGGER LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"""
    )
    await pool.execute("CREATE TRIGGER leaves BEFORE INSERT ON learning_audit_log EXECUTE FUNCTION leave()")
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await writer.apply(0, at, log.entries)
    await pool.execute("DROP TRIGGER leaves ON learning_audit_log")
    await writer.apply(0, at, log.entries)
    assert await shown(pool) == 1
