"""How much there is in each table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiosql
from asyncpg import Pool

QUERIES = Path(__file__).with_name("reading") / "overview.sql"


async def table_counts(pool: Pool) -> Mapping[str, int]:
    """How many rows each table of the schema has."""
    sql: Any = aiosql.from_path(QUERIES, "asyncpg")
    return {row["name"]: row["rows"] async for row in sql.table_counts(pool)}
