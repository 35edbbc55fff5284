"""Every connection knows vectors and jsonb, and looks into its schema first."""

from __future__ import annotations

import numpy as np
import pytest
from pgvector import Vector

from runtime.postgres import VectorsMissing, connect, create_pool
from runtime.settings import Settings


def _settings(url: str) -> Settings:
    return Settings(kafka_bootstrap_servers="nowhere:1", database_url=url)


async def test_jsonb_is_written_from_text_and_read_as_values(database: str) -> None:
    conn = await connect(_settings(database), "learning")
    assert await conn.fetchval("SELECT $1::jsonb", '{"a": [1, 2.5, "ß"]}') == {"a": [1, 2.5, "ß"]}
    assert await conn.fetchval("SELECT $1::jsonb[]", ["1", "null"]) == [1, None]
    await conn.execute("CREATE TEMPORARY TABLE told (words JSONB, vector VECTOR(2))")
    await conn.copy_records_to_table("told", records=[('{"b": true}', np.array([1, 2], np.float32))])
    row = await conn.fetchrow("SELECT words, words->>'b' AS b, vector FROM told")
    assert (row["words"], row["b"], row["vector"]) == ({"b": True}, "true", Vector([1, 2]))
    await conn.close()


@pytest.mark.parametrize("schema", ["learning", 'Shop "7"; DROP'])
async def test_the_schema_is_searched_first(database: str, schema: str) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    async with await create_pool(_settings(database), schema, max_size=2) as pool:
        assert await pool.fetchval("SHOW search_path") == f"{quoted}, public"
        assert await pool.fetchval("SELECT '[1,2]'::vector") == Vector([1, 2])


async def test_a_database_without_vectors_says_what_to_do(empty_database: str) -> None:
    with pytest.raises(VectorsMissing, match="relearn migrate up"):
        await connect(_settings(empty_database), "learning")
    conn = await connect(_settings(empty_database), "learning", vectors=False)
    assert await conn.fetchval("SELECT $1::jsonb", "{}") == {}
    await conn.close()
