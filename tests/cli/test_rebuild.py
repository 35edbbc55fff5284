"""Tables from the log alone: built anew, compared, and as they once were. The scenario is in the log."""

from __future__ import annotations

from contextlib import suppress

import asyncpg
import pytest

from cli.migrate import migrator_of
from projections.building import building
from projections.learning.projection import PROJECTION
from projections.scratch import scratch
from schemas.topics import LEARNING
from tests.cli.replayed import Replayed
from tests.cli.running import relearn

LOG = LEARNING.log.name


async def test_what_is_untouched_is_what_the_log_says(looked_at: Replayed) -> None:
    done = await looked_at.run("verify")
    assert done.exit_code == 0, done.output
    found = (await looked_at.told("verify"))[LEARNING.name]
    rows = {each["table"]: each["rows"] for each in found}
    assert rows["learning_queue"] > 20
    assert rows["knowledge_base_rag"] > 10
    assert rows["conversation_memory"] > 10
    assert await looked_at.schemas() == ["learning"], "nothing is left behind"


async def test_a_row_changed_by_hand_is_found_and_named(replayed: Replayed) -> None:
    await replayed.execute(
        "UPDATE learning_queue SET confidence_score = 3 WHERE id = (SELECT min(id::TEXT)::UUID FROM learning_queue)"
    )
    await replayed.execute("DELETE FROM shops WHERE shop_id = (SELECT min(shop_id) FROM shops)")
    assert await replayed.different() == {"learning_queue": 1, "shops": 1}
    done = await replayed.run("verify")
    assert done.exit_code == 1
    assert "2 rows are not what the log says" in done.stderr
    assert "confidence_score" in done.stdout
    assert "is missing, but the log has it" in done.stdout


async def test_one_shop_alone_is_verified(replayed: Replayed) -> None:
    conn = await replayed.connect()
    touched, other = [
        row[0] for row in await conn.fetch("SELECT shop_id FROM shops ORDER BY shop_id LIMIT 2")
    ]
    await conn.execute("UPDATE learning_queue SET confidence_score = 3 WHERE shop_id = $1", touched)
    await conn.close()
    assert (await replayed.run("verify", "--shop", str(other))).exit_code == 0
    assert (await replayed.run("verify", "--shop", str(touched))).exit_code == 1
    env = replayed.settings.environment()
    refused = await relearn("verify", "--shop", "1", "--domain", "executions", env=env)
    assert refused.exit_code == 1
    assert "only learning has shops" in refused.stderr


async def test_a_rebuild_makes_the_tables_what_the_log_says(replayed: Replayed) -> None:
    await replayed.execute("CREATE ROLE looks_on")
    await replayed.execute(
        "GRANT USAGE ON SCHEMA learning TO looks_on; GRANT SELECT ON learning_queue TO looks_on;"
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA learning TO looks_on"
    )
    await replayed.execute("UPDATE learning_queue SET question = 'spoilt'")
    assert (await replayed.different())["learning_queue"] > 20
    (found,) = await replayed.told("rebuild")
    assert found["records"] > 400
    assert await replayed.different() == {}
    assert await replayed.schemas() == ["learning"]
    conn = await replayed.connect()
    for role in ("looks_on", "relearn_reader"):
        assert await conn.fetchval("SELECT has_table_privilege($1::NAME, 'learning_queue', 'SELECT')", role)
        assert await conn.fetchval(
            "SELECT has_function_privilege($1::NAME, 'explained_search(INTEGER, TEXT, VECTOR, INTEGER)', 'EXECUTE')",
            role,
        )
    await conn.execute("DROP OWNED BY looks_on; DROP ROLE looks_on")
    await _of_one_shop_alone(conn)
    await conn.close()
    validated = await replayed.run("migrate", "validate")
    assert validated.exit_code == 0, validated.output


async def _of_one_shop_alone(conn: asyncpg.Connection) -> None:
    """The new tables keep shops apart as the old ones did."""
    shop = await conn.fetchval("SELECT min(shop_id) FROM learning_queue")
    async with conn.transaction():
        await conn.execute("SET LOCAL ROLE relearn_reader")
        await conn.execute("SELECT set_config('relearn.shop_ids', $1, TRUE)", str(shop))
        assert await conn.fetchval("SELECT array_agg(DISTINCT shop_id) FROM learning_queue") == [shop]


async def test_the_tables_as_they_once_were(looked_at: Replayed) -> None:
    conn = await looked_at.connect()
    at, offset, before = await conn.fetchrow(
        "SELECT at, log_offset, (SELECT count(*) FROM learning_audit_log b WHERE b.log_offset <= a.log_offset)"
        " FROM learning_audit_log a WHERE action = 'ItemProposed' ORDER BY log_offset OFFSET 9 LIMIT 1"
    )
    await conn.close()
    ask = ("--sql", "SELECT count(*) AS items FROM learning_queue")
    assert await looked_at.told("as-of", at.isoformat(), *ask) == [{"items": 10}]
    assert await looked_at.told("as-of", f"0:{offset}", *ask) == [{"items": 10}]
    views = ("--sql", "SELECT sum(count)::INTEGER AS items FROM learning_metrics")
    assert await looked_at.told("as-of", f"0:{offset}", *views) == [{"items": 10}]
    rows = {each["table"]: each["rows"] for each in await looked_at.told("as-of", at.isoformat())}
    assert rows["learning_audit_log"] == before
    assert await looked_at.told("as-of", "2020-01-01", *ask) == [{"items": 0}]
    assert await looked_at.schemas() == ["learning"]
    await looked_at.told("as-of", f"0:{offset}", "--keep", "learning_then")
    assert await looked_at.schemas() == ["learning", "learning_then"]
    await looked_at.execute("DROP SCHEMA learning_then CASCADE")


async def test_a_name_is_given_to_whole_tables_alone(looked_at: Replayed) -> None:
    migrator, name = migrator_of(looked_at.settings, LEARNING.name), "learning_kept"
    for fails in (True, False):
        with suppress(KeyError):
            kept = scratch(looked_at.settings, PROJECTION, migrator, {0: 5}, lambda _: None, name=name)
            async with kept:
                assert name not in await looked_at.schemas()
                if fails:
                    raise KeyError
        assert await looked_at.schemas() == (["learning"] if fails else ["learning", name])
    await looked_at.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("as-of", "soon"), "'soon' is no time"),
        (("as-of", "0:100000"), "no record stands at 100000 in learning.decisions[0]"),
        (("as-of", "7:1"), "there is no learning.decisions[7]"),
        (("as-of", "2020-01-01", "--sql", "DELETE FROM learning_queue"), "read-only transaction"),
        (("as-of", "2020-01-01", "--sql", "SELECT", "--keep", "x"), "either --sql or --keep"),
    ],
)
async def test_what_cannot_be_told_is_a_sentence(
    looked_at: Replayed, words: tuple[str, ...], why: str
) -> None:
    done = await looked_at.run(*words)
    assert done.exit_code == 1
    assert why in done.stderr
    assert await looked_at.schemas() == ["learning"]


async def test_an_interrupted_rebuild_goes_on_or_is_cleaned_away(replayed: Replayed) -> None:
    env = replayed.settings.environment()
    await replayed.execute("UPDATE learning_queue SET question = 'spoilt'")
    await _half_built(replayed)
    assert await replayed.schemas() == ["learning", "learning_building"]
    assert (await replayed.different())["learning_queue"] > 20, "the live tables know nothing of it"
    (found,) = await replayed.told("rebuild")
    assert found["resumed"] == 1
    assert await replayed.different() == {}
    await _half_built(replayed)
    await _half_built(replayed, "learning_scratch_0123456789ab")
    assert (await relearn("rebuild", "--clean", env=env)).exit_code == 0
    assert await replayed.schemas() == ["learning"]


async def _half_built(replayed: Replayed, schema: str = "learning_building") -> None:
    """As a rebuild, or whoever looks, leaves it when killed after the first record."""
    migrator = migrator_of(replayed.settings, LEARNING.name).beside(schema)
    async with building(replayed.settings, PROJECTION, migrator, 1) as builder:
        await builder.load({0: 1}, lambda _: None)


async def test_what_changed_between_two_times(looked_at: Replayed) -> None:
    conn = await looked_at.connect()
    begin, end = await conn.fetchrow(
        "SELECT min(log_offset) - 1, max(log_offset) FROM learning_audit_log WHERE action = 'KnowledgeApplied'"
    )
    live = await conn.fetchval("SELECT count(*) FROM knowledge_base_rag WHERE item_id IS NOT NULL")
    await conn.close()
    found = {each["table"]: each for each in await looked_at.told("diff", f"0:{begin}", f"0:{end}")}
    knowledge, items = found["knowledge_base_rag"], found["learning_queue"]
    new = [row["theirs"] for row in knowledge["examples"] if row["ours"] is None]
    assert sum(each["item_id"] is not None for each in new) == live
    assert {row["theirs"].get("status") for row in items["examples"] if row["ours"]} >= {"applied"}
    done = await looked_at.run("diff", f"0:{begin}", f"0:{end}")
    assert "status: pending -> applied" in done.stdout
    assert await looked_at.schemas() == ["learning"]


@pytest.mark.parametrize("command", ["verify", "rebuild"])
async def test_tables_that_are_ahead_of_the_log_are_of_another_one(replayed: Replayed, command: str) -> None:
    await replayed.execute("UPDATE positions SET next_offset = 100000")
    done = await replayed.run(command)
    assert done.exit_code == 1
    assert "learning.decisions[0] is shown up to 100000, but ends at" in done.stderr
    assert "it has lost its end, or the tables are of another log" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "name", ["learning", "executions", "public", "learning_scratch_mine", "learning_old"]
)
async def test_a_schema_that_is_there_is_never_touched(replayed: Replayed, name: str) -> None:
    done = await replayed.run("as-of", "2020-01-01", "--keep", name)
    assert done.exit_code == 1
    assert f"the name {name} is not free" in done.stderr
    assert await replayed.schemas() == ["learning"]
    assert await replayed.different() == {}
    conn = await replayed.connect()
    assert await conn.fetchval("SELECT to_regclass('executions.executions') IS NOT NULL")
    await conn.close()
