"""A forgotten WHERE shows nothing of other shops: the database itself keeps them apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from runtime.migration import Migrator

SHOPS = [7, 8]
OF_NO_SHOP = {"positions", "projection"}
"""How far the log is shown, and for which model the tables are."""

REFUSALS = (
    asyncpg.InsufficientPrivilegeError,
    # Of views, materialized or not: no one can write them.
    asyncpg.WrongObjectTypeError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)

FILL = """
INSERT INTO shops VALUES ($1, 0);
INSERT INTO conversation_memory (shop_id, id) VALUES ($1, gen_random_uuid());
INSERT INTO conversation_feedback (shop_id, id, conversation_id, feedback_type, created_at)
SELECT shop_id, id, id, 'thumbs_up', '2026-11-21' FROM conversation_memory WHERE shop_id = $1;
INSERT INTO owner_corrections (shop_id, id, conversation_id, original_response, corrected_answer, priority,
                               created_at)
SELECT shop_id, id, id, 'a', 'b', 'low', '2026-11-21' FROM conversation_memory WHERE shop_id = $1;
INSERT INTO response_analytics (shop_id, id, conversation_id, response_text, response_type, created_at)
SELECT shop_id, id, id, 'a', 'faq', '2026-11-21' FROM conversation_memory WHERE shop_id = $1;
INSERT INTO voice_transcripts (shop_id, id, transcript, created_at)
VALUES ($1, gen_random_uuid(), 'a', '2026-11-21');
INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content, confidence_score,
                            created_at, updated_at)
VALUES ($1, gen_random_uuid(), 'pending', 'manual', gen_random_uuid(), 'a', 80, '2026-11-21', '2026-11-21');
INSERT INTO learning_sources (shop_id, item_id, source_id, source_type, base_confidence, at)
SELECT shop_id, id, source_id, source_type, 80, created_at FROM learning_queue WHERE shop_id = $1;
INSERT INTO knowledge_base_rag (shop_id, id, content, status, created_at, updated_at)
VALUES ($1, gen_random_uuid(), 'Within 30 days.', 'live', '2026-11-21', '2026-11-21');
INSERT INTO learning_audit_log (shop_id, id, at, action, topic, log_partition, log_offset)
VALUES ($1, gen_random_uuid(), '2026-11-21', 'ItemProposed', 'learning.decisions', 0, 0)
"""

FILL_EXECUTIONS = """
SELECT create_month_partition('executions', '2026-11-01');
INSERT INTO executions (task_id, timestamp, recorded_at, log_partition) VALUES ('t', '2026-11-21', '2026-11-21', 0);
INSERT INTO task_feedback VALUES (gen_random_uuid(), 't', TRUE, 5, NULL, 'ann', '2026-11-21', 0);
INSERT INTO executions_audit_log (at, log_offset, log_partition, place, action)
VALUES ('2026-11-21', 0, 0, 0, 'Ended');
INSERT INTO solutions
VALUES (gen_random_uuid(), 'bug', 'a', array_fill(1, '{16}')::HALFVEC, '{}', 1, 1, 1, NULL, 0, FALSE,
        '2026-11-21', '2026-11-21');
INSERT INTO solutions_derived VALUES (TRUE, '2026-11-21', 't');
INSERT INTO quality_policies VALUES ('r', 'new', 1, 1, NULL, NULL, 60, 0.8)
"""

RELATIONS = """
SELECT c.relname AS name, c.relispartition AS is_partition, c.relkind = 'm' AS is_materialized,
       has_table_privilege('relearn_reader', c.oid, 'SELECT') AS is_open,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'shop_id') AS has_shop
  FROM pg_class c
 WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind IN ('r', 'p', 'v', 'm')"""


@pytest.fixture
async def filled(learning: asyncpg.Connection) -> asyncpg.Connection:
    """Tables that all have a row of each of two shops, in the numbers of dashboards too."""
    for table in ("conversation_feedback", "response_analytics"):
        await learning.execute("SELECT create_month_partition($1, '2026-11-01')", table)
    for shop in SHOPS:
        await learning.execute(FILL.replace("$1", str(shop)))
    await learning.execute("REFRESH MATERIALIZED VIEW daily_learning_metrics")
    await learning.execute("REFRESH MATERIALIZED VIEW response_performance_metrics")
    await learning.execute("INSERT INTO positions VALUES ('learning.decisions', 0, 1, 1)")
    return learning


@pytest.fixture
async def executions(conn: asyncpg.Connection) -> asyncpg.Connection:
    """Tables of the other domain, with a row each."""
    await Migrator("executions", "executions", dimensions=16).upgrade(conn)
    await conn.execute("SET search_path = executions, public")
    await conn.execute(FILL_EXECUTIONS)
    return conn


@asynccontextmanager
async def reading(conn: asyncpg.Connection, shops: str | None) -> AsyncIterator[None]:
    """As the reader, for these shops; None: nobody said for which."""
    async with conn.transaction():
        await conn.execute("SET LOCAL ROLE relearn_reader")
        if shops is not None:
            await conn.execute("SELECT set_config('relearn.shop_ids', $1, TRUE)", shops)
        yield


async def relations(conn: asyncpg.Connection) -> list[asyncpg.Record]:
    """Every table and view that there is, from the catalog."""
    return await conn.fetch(RELATIONS)  # type: ignore[no-any-return]


async def seen(conn: asyncpg.Connection, shops: str | None) -> dict[str, list[int | None]]:
    """Of which shop each row is that a reader gets who asks every relation that is open for everything."""
    async with reading(conn, shops):
        return {
            each["name"]: [
                row["shop"] and int(row["shop"])
                for row in await conn.fetch(f"SELECT to_jsonb(t) ->> 'shop_id' AS shop FROM {each['name']} t")
            ]
            for each in await relations(conn)
            if each["is_open"]
        }


async def test_every_table_of_shops_is_open_and_shows_the_named_ones_alone(
    filled: asyncpg.Connection,
) -> None:
    tables = {each["name"] for each in await relations(filled) if each["has_shop"]}
    closed = {e["name"] for e in await relations(filled) if e["is_partition"] or e["is_materialized"]}
    everything = await seen(filled, "*")
    assert everything.keys() == (tables - closed) | OF_NO_SHOP
    for setting, shops in (("*", SHOPS), ("7", [7]), ("8,9", [8]), ("9", []), ("", []), (None, [])):
        found = await seen(filled, setting)
        assert {name: sorted(set(found[name])) for name in tables - closed} == dict.fromkeys(  # type: ignore[type-var]
            tables - closed, shops
        ), f"with {setting!r}"


async def test_executions_are_seen_by_who_sees_all_shops(executions: asyncpg.Connection) -> None:
    everything = await seen(executions, "*")
    assert all(everything[name] for name in everything.keys() - OF_NO_SHOP)
    tables = {
        e["name"] for e in await relations(executions) if not e["is_partition"] and not e["is_materialized"]
    }
    assert everything.keys() == tables - {"schema_migrations"}
    for setting in ("7", "", None):
        found = await seen(executions, setting)
        assert {name for name, rows in found.items() if rows} <= OF_NO_SHOP


async def closed(conn: asyncpg.Connection) -> None:
    """What is not open is refused, and of no relation anything is written."""
    for each in await relations(conn):
        name = each["name"]
        statements = [f"DELETE FROM {name}", f"INSERT INTO {name} SELECT * FROM {name}"]
        for statement in statements if each["is_open"] else [*statements, f"SELECT FROM {name}"]:
            with pytest.raises(REFUSALS):
                async with reading(conn, "*"):
                    await conn.execute(statement)


async def test_what_is_not_open_is_refused_and_nothing_is_written(filled: asyncpg.Connection) -> None:
    await closed(filled)


async def test_of_executions_neither(executions: asyncpg.Connection) -> None:
    await closed(executions)


async def test_not_even_who_may_write_writes_what_is_not_theirs(filled: asyncpg.Connection) -> None:
    """A privilege by mistake is not enough: the policy is of reading alone."""
    await filled.execute("GRANT INSERT, UPDATE, DELETE ON learning_queue, shops TO relearn_reader")
    async with reading(filled, "*"):
        assert await filled.execute("UPDATE learning_queue SET category = 'x'") == "UPDATE 0"
        assert await filled.execute("DELETE FROM learning_queue") == "DELETE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await filled.execute("INSERT INTO shops VALUES (9, 0)")


SEARCHES = (
    "SELECT id FROM check_similar_knowledge($1, 'within 30 days', NULL)",
    "SELECT id FROM search_knowledge($1, 'days', NULL)",
)


@pytest.mark.parametrize("search", SEARCHES)
async def test_a_search_finds_what_whoever_asks_may_see(filled: asyncpg.Connection, search: str) -> None:
    for setting, found in (("*", 1), ("8", 1), ("7", 0), ("", 0), (None, 0)):
        async with reading(filled, setting):
            assert len(await filled.fetch(search, 8)) == found, f"with {setting!r}"
    assert len(await filled.fetch(search, 8)) == 1, "who owns the tables need not say"


@pytest.mark.parametrize("search", SEARCHES)
async def test_who_may_not_read_may_not_search(filled: asyncpg.Connection, search: str) -> None:
    await filled.execute("CREATE ROLE looks_on; GRANT USAGE ON SCHEMA learning TO looks_on")
    try:
        await filled.execute("SET ROLE looks_on; SET relearn.shop_ids = '*'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await filled.fetch(search, 8)
    finally:
        await filled.execute("RESET ROLE; DROP OWNED BY looks_on; DROP ROLE looks_on")


@pytest.fixture
async def migrating(conn: asyncpg.Connection, empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """As one who may make schemas in this database and is no administrator."""
    await conn.execute("CREATE EXTENSION vector; CREATE ROLE migrates LOGIN")
    await conn.execute(f'GRANT CREATE ON DATABASE "{urlsplit(empty_database).path[1:]}" TO migrates')
    user = urlsplit(empty_database)._replace(netloc="migrates:@")
    migrates = await asyncpg.connect(urlunsplit(user))
    yield migrates
    await migrates.close()
    await conn.execute(
        "REASSIGN OWNED BY migrates TO CURRENT_USER; DROP OWNED BY migrates; DROP ROLE migrates"
    )


async def test_who_is_no_administrator_can_migrate_with_the_role_there(
    migrating: asyncpg.Connection, conn: asyncpg.Connection
) -> None:
    await conn.execute("GRANT relearn_reader TO migrates")
    await Migrator("learning", dimensions=16).upgrade(migrating)
    await migrating.execute("SET search_path = learning, public")
    await migrating.execute("INSERT INTO shops VALUES (7, 0), (8, 0)")
    assert await migrating.fetchval("SELECT count(*) FROM shops") == 2
    async with reading(migrating, "7"):
        assert await migrating.fetchval("SELECT count(*) FROM shops") == 1


async def test_who_may_not_join_the_role_hears_what_to_do(migrating: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
        await Migrator("learning", dimensions=16).upgrade(migrating)
    assert (
        'let an administrator do "CREATE ROLE relearn_reader NOLOGIN; GRANT relearn_reader TO migrates"'
        in str(refused.value)
    )


async def test_the_role_stays_while_others_have_it(conn: asyncpg.Connection) -> None:
    await conn.execute("CREATE ROLE serves IN ROLE relearn_reader")
    try:
        await Migrator("learning", dimensions=16).reset(conn)
        assert await conn.fetchval("SELECT pg_has_role('serves', 'relearn_reader', 'MEMBER')")
    finally:
        await conn.execute("DROP ROLE serves")
