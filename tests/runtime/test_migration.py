"""Migrations are applied once, in order, by one at a time, and leave nothing behind when taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from asyncpg.exceptions import DependentObjectsStillExistError, DivisionByZeroError

from runtime.migration import ChangedMigration, ExtensionTooOld, Migrator, OtherModel, UnknownMigration

EVERYTHING = """
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL SELECT 'extension ' || extname FROM pg_extension
UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE oid >= 16384
UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE oid >= 16384
ORDER BY 1"""


async def _everything(conn: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await conn.fetch(EVERYTHING)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations."""
    (tmp_path / "0001_one.up.sql").write_text(
        "CREATE TABLE one (id INTEGER PRIMARY KEY, words VECTOR(:dimensions));"
    )
    (tmp_path / "0001_one.down.sql").write_text("DROP TABLE one;")
    (tmp_path / "0002_two.up.sql").write_text("CREATE TABLE two (id INTEGER PRIMARY KEY);")
    (tmp_path / "0002_two.down.sql").write_text("DROP TABLE two;")
    return tmp_path


@pytest.mark.parametrize("schema", ["learning", "learning_2", 'Shop "7"; DROP', "ß.ü"])
async def test_upgrade_and_downgrade_under_any_name_leave_nothing_behind(
    conn: asyncpg.Connection, schema: str
) -> None:
    before = await _everything(conn)
    migrator = Migrator(schema)
    names = await migrator.upgrade(conn)
    assert names == [migration.name for migration in migrator.migrations]
    assert str(await migrator.validate(conn)) == "All 13 tables verified, 0 issues found"
    assert await migrator.upgrade(conn) == []
    assert await migrator.downgrade(conn) == names[::-1]
    assert await _everything(conn) == before
    assert await migrator.downgrade(conn) == []


async def test_downgrade_with_rows_and_partitions_leaves_nothing_behind(conn: asyncpg.Connection) -> None:
    before = await _everything(conn)
    migrator = Migrator("learning")
    await migrator.upgrade(conn)
    await conn.execute(
        """SET search_path = learning, public;
           SELECT create_month_partition('response_analytics', '2026-11-01');
           INSERT INTO conversation_memory (shop_id, id) VALUES (7, gen_random_uuid());
           INSERT INTO response_analytics
                  (shop_id, id, conversation_id, response_text, response_type, created_at)
           SELECT 7, id, id, 'words', 'faq', '2026-11-21Z' FROM conversation_memory;
           RESET search_path"""
    )
    await migrator.downgrade(conn)
    assert await _everything(conn) == before


async def test_the_callers_search_path_is_left_alone(conn: asyncpg.Connection) -> None:
    await conn.execute("SET search_path = public")
    await Migrator("learning").reset(conn)
    assert await conn.fetchval("SHOW search_path") == "public"


async def test_the_extension_stays_while_somebody_needs_it(conn: asyncpg.Connection, folder: Path) -> None:
    one, two = Migrator("one", folder), Migrator("two", folder)
    await one.upgrade(conn)
    await two.upgrade(conn)
    await one.downgrade(conn)
    assert "extension vector" in await _everything(conn)
    await two.downgrade(conn)
    assert "extension vector" not in await _everything(conn)


async def test_an_extension_that_was_there_before_stays(conn: asyncpg.Connection, folder: Path) -> None:
    await conn.execute("CREATE EXTENSION vector")
    await Migrator("one", folder).upgrade(conn)
    await Migrator("one", folder).downgrade(conn)
    assert "extension vector" in await _everything(conn)


async def test_an_old_pgvector_is_refused(conn: asyncpg.Connection, folder: Path) -> None:
    await conn.execute("CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.7.4'")
    with pytest.raises(ExtensionTooOld, match=r"pgvector 0\.7\.4 is too old: 0\.8 or later"):
        await Migrator("one", folder).upgrade(conn)


async def test_downgrade_to_a_name_keeps_it(conn: asyncpg.Connection, folder: Path) -> None:
    migrator = Migrator("one", folder)
    await migrator.upgrade(conn)
    assert await migrator.downgrade(conn, to="0001_one") == ["0002_two"]
    assert await conn.fetchval("SELECT to_regclass('one.one') IS NOT NULL AND to_regclass('one.two') IS NULL")
    assert await migrator.upgrade(conn) == ["0002_two"]
    with pytest.raises(UnknownMigration, match="0003_three"):
        await migrator.downgrade(conn, to="0003_three")


async def test_upgrade_until_a_name_goes_no_further(conn: asyncpg.Connection, folder: Path) -> None:
    assert await Migrator("one", folder).upgrade(conn, until="0001_one") == ["0001_one"]
    report = await Migrator("one", folder).validate(conn)
    assert report.issues == ["migration 0002_two is not applied", "two: table is missing"]


async def test_downgrade_does_not_take_what_it_did_not_make(conn: asyncpg.Connection, folder: Path) -> None:
    migrator = Migrator("one", folder)
    await migrator.upgrade(conn)
    await conn.execute("CREATE TABLE one.precious (id INTEGER)")
    with pytest.raises(DependentObjectsStillExistError):
        await migrator.downgrade(conn)
    assert await conn.fetchval("SELECT to_regclass('one.precious') IS NOT NULL")


async def test_reset_mends_a_damaged_schema(conn: asyncpg.Connection) -> None:
    migrator = Migrator("learning")
    await migrator.upgrade(conn)
    await conn.execute("DROP VIEW learning.learning_metrics; DROP TABLE learning.owner_corrections")
    assert not (await migrator.validate(conn)).ok
    await migrator.reset(conn)
    assert (await migrator.validate(conn)).ok


async def test_an_edited_file_is_refused_by_name(conn: asyncpg.Connection, folder: Path) -> None:
    await Migrator("one", folder).upgrade(conn)
    (folder / "0001_one.up.sql").write_text("CREATE TABLE one (id BIGINT PRIMARY KEY);")
    edited = Migrator("one", folder)
    for refused in (edited.upgrade, edited.downgrade, edited.reset):
        with pytest.raises(ChangedMigration, match=r"0001_one\.up\.sql was changed"):
            await refused(conn)
    assert (await edited.validate(conn)).issues[0].startswith("0001_one.up.sql was changed")


async def test_a_migration_put_before_an_applied_one_is_refused(
    conn: asyncpg.Connection, folder: Path
) -> None:
    await Migrator("one", folder).upgrade(conn)
    for way in ("up", "down"):
        (folder / f"0001_a_late_thought.{way}.sql").write_text("SELECT 1;")
    with pytest.raises(UnknownMigration):
        await Migrator("one", folder).upgrade(conn)


async def test_tables_from_before_there_were_generations_are_of_the_first(
    conn: asyncpg.Connection, folder: Path
) -> None:
    await Migrator("one", folder).upgrade(conn, until="0001_one")
    await conn.execute("ALTER TABLE one.projection DROP COLUMN generation")
    migrator = await Migrator("one", folder).fitted(conn)
    await migrator.upgrade(conn)
    assert await conn.fetchval("SELECT generation FROM one.projection") == 1


async def test_tables_of_a_later_generation_keep_its_model(conn: asyncpg.Connection, folder: Path) -> None:
    assert (await Migrator("one", folder).fitted(conn)).generation == 1, "there are none yet"
    await Migrator("one", folder, 3, "other", generation=2).upgrade(conn, until="0001_one")
    fitted = await Migrator("one", folder).fitted(conn)
    assert (fitted.generation, fitted.model, fitted.dimensions) == (2, "other", 3)


@pytest.mark.parametrize("other", [{"dimensions": 768}, {"model": "all-mpnet-base-v2"}])
async def test_another_model_needs_another_schema(
    conn: asyncpg.Connection, folder: Path, other: dict[str, int | str]
) -> None:
    await Migrator("one", folder).upgrade(conn, until="0001_one")
    with pytest.raises(OtherModel, match=r"all-MiniLM-L6-v2 \(384 dimensions\), not of"):
        await Migrator("one", folder, **other).upgrade(conn)  # type: ignore[arg-type]
    row = await conn.fetchrow("SELECT * FROM one.projection")
    assert tuple(row) == (1, "all-MiniLM-L6-v2", 384, 1)


async def test_a_failing_step_leaves_those_before_it(conn: asyncpg.Connection, folder: Path) -> None:
    (folder / "0002_two.up.sql").write_text("CREATE TABLE two (id INTEGER); SELECT 1 / 0;")
    with pytest.raises(DivisionByZeroError):
        await Migrator("one", folder).upgrade(conn)
    assert [row["name"] for row in await conn.fetch("SELECT name FROM one.schema_migrations")] == ["0001_one"]
    assert await conn.fetchval("SELECT to_regclass('one.two')") is None


async def test_upgrades_at_once_share_the_work(conn: asyncpg.Connection, empty_database: str) -> None:
    others = [await asyncpg.connect(empty_database) for _ in range(3)]
    done = await asyncio.gather(*(Migrator("learning").upgrade(each) for each in [conn, *others]))
    await asyncio.gather(*(other.close() for other in others))
    assert sorted(name for names in done for name in names) == [
        m.name for m in Migrator("learning").migrations
    ]
    assert (await Migrator("learning").validate(conn)).ok


@pytest.mark.parametrize(
    ("damage", "issue"),
    [
        ("DROP INDEX idx_learning_pending", "learning_queue: index idx_learning_pending is missing"),
        ("DROP TABLE owner_corrections", "owner_corrections: table is missing"),
        (
            "ALTER TABLE owner_corrections ALTER correction_context TYPE VARCHAR(9)",
            "owner_corrections: column correction_context is character varying(9), expected text",
        ),
        (
            "ALTER TABLE learning_queue ALTER updated_at DROP NOT NULL",
            "learning_queue: column updated_at is timestamp with time zone, "
            "expected timestamp with time zone NOT NULL",
        ),
        (
            "ALTER TABLE positions ALTER seq SET DEFAULT 3",
            "positions: column seq is bigint NOT NULL DEFAULT 3, expected bigint NOT NULL",
        ),
        (
            "ALTER TABLE learning_queue DROP CONSTRAINT learning_queue_status_check",
            "learning_queue: constraint learning_queue_status_check is missing",
        ),
        (
            "ALTER TABLE voice_transcripts DROP CONSTRAINT voice_transcripts_shop_id_conversation_id_fkey",
            "voice_transcripts: constraint voice_transcripts_shop_id_conversation_id_fkey is missing",
        ),
        (
            "ALTER TABLE learning_audit_log DISABLE TRIGGER audit_is_append_only",
            "learning_audit_log: trigger audit_is_append_only differs from the migrations",
        ),
        (
            "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'idx_learning_shop_id'::regclass",
            "learning_queue: index idx_learning_shop_id is CREATE INDEX idx_learning_shop_id "
            "ON learning_queue USING btree (shop_id) (invalid), expected CREATE INDEX idx_learning_shop_id "
            "ON learning_queue USING btree (shop_id)",
        ),
        ("DROP VIEW response_metrics", "response_metrics: view is missing"),
        (
            "ALTER VIEW response_metrics RESET (security_barrier)",
            "response_metrics: view differs from the migrations",
        ),
        (
            "DROP INDEX idx_daily_learning_metrics",
            "daily_learning_metrics: index idx_daily_learning_metrics is missing",
        ),
        (
            "DROP FUNCTION create_month_partition",
            "create_month_partition(p_table text, p_month date): function is missing",
        ),
        ("CREATE TABLE stray (id INTEGER PRIMARY KEY)", "stray: table is unexpected"),
        ("ALTER TABLE positions ADD note TEXT", "positions: column note is unexpected"),
    ],
)
async def test_validate_names_what_differs(conn: asyncpg.Connection, damage: str, issue: str) -> None:
    migrator = Migrator("learning")
    await migrator.upgrade(conn)
    await conn.execute(f"SET search_path = learning, public; {damage}")
    before = await _everything(conn)
    report = await migrator.validate(conn)
    assert report.issues == [issue]
    assert str(report) == f"13 tables verified, 1 issue found\n{issue}"
    assert await _everything(conn) == before, "the scratch schema is gone"


async def test_month_partitions_are_no_issue(conn: asyncpg.Connection) -> None:
    migrator = Migrator("learning")
    await migrator.upgrade(conn)
    await conn.execute(
        """SET search_path = learning, public;
           SELECT create_month_partition('conversation_feedback', '2026-11-01')"""
    )
    assert (await migrator.validate(conn)).issues == []


async def test_validate_of_nothing_says_so(conn: asyncpg.Connection) -> None:
    assert (await Migrator("learning").validate(conn)).issues == ["schema learning was never upgraded"]


@pytest.mark.parametrize(("schema", "dimensions"), [("public", 384), ("learning", 0), ("learning", 4001)])
def test_what_cannot_work_is_refused_at_once(schema: str, dimensions: int) -> None:
    with pytest.raises(ValueError, match=r"schema public|dimensions"):
        Migrator(schema, dimensions=dimensions)
