"""How knowledge is shown and searched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cli.screen import aside, print_entry, show
from cli.tables import queries
from projections.queries import Row
from runtime.embedding import Embedder
from runtime.settings import Settings
from schemas.vector import Vector

BY_WORDS_ONLY = "searching by words only: no embedding model is installed here (pip install relearn[embed])"


def show_list(settings: Settings, shop: int, status: str | None, limit: int, as_json: bool) -> None:
    """Prints a shop's knowledge, oldest first."""
    rows = asyncio.run(_list(settings, shop, status, limit))
    show(rows, as_json, lambda out: _print_list(out, rows))


def search(settings: Settings, shop: int, query: str, limit: int, as_json: bool) -> None:
    """Prints what live knowledge is nearest to a question; without a model, what holds its words."""
    rows, by_meaning = asyncio.run(_search(settings, shop, query, limit))
    if not by_meaning:
        aside().print(Text(BY_WORDS_ONLY))
    show(rows, as_json, lambda out: _print_found(out, rows))


async def _list(settings: Settings, shop: int, status: str | None, limit: int) -> list[Row]:
    async with queries(settings) as ask:
        return await ask.knowledge(shop, status=status, limit=limit)


async def _search(settings: Settings, shop: int, query: str, limit: int) -> tuple[list[Row], bool]:
    async with queries(settings) as ask:
        vector = await embedded(await ask.model(), query)
        return await ask.search(shop, query, vector, limit), vector is not None


async def embedded(model: str, query: str) -> Vector | None:
    """The query's vector; None where this model cannot be used."""
    try:
        embedder = await asyncio.to_thread(Embedder, model)
    except (RuntimeError, OSError):
        return None
    try:
        (found,) = await embedder.embed([query])
    finally:
        embedder.close()
    return found.vector


def _print_list(out: Console, rows: Sequence[Row]) -> None:
    if not rows:
        out.print("no knowledge")
    for row in rows:
        _print(out, row, f"{row['status']}, from {row['source']}")


def _print_found(out: Console, rows: Sequence[Row]) -> None:
    if not rows:
        out.print("nothing found")
    for row in rows:
        similarity = row["similarity"]
        _print(out, row, "by its words" if similarity is None else f"similarity {similarity:.4f}")


def _print(out: Console, row: Row, told: str) -> None:
    disputes = f", disputed {row['disputes']} times" if row["disputes"] else ""
    print_entry(out, row["id"], told + disputes, (("?", row["question"]), ("→", row["content"])))
