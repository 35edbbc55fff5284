"""How items are shown to a reviewer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from cli.failure import Failed
from cli.screen import harmless, print_entry, show, table
from cli.sources import print_source
from cli.tables import queries
from projections.learning.queries import Item, Wanted
from projections.queries import Row
from runtime.settings import Settings

MARKS = {"answer": "→", "complaint": "!", "question": ""}
"""What stands before an item's words: what would be said, what was complained of; a question has its own line."""
ASKING = "needs a second pair of eyes"
NEIGHBOURS = ("entity", "id", "relation", "by", "similarity", "answer similarity")
HISTORY = ("at", "actor", "action", "after")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items of a shop to list."""

    shop: int
    status: str | None
    source: str | None
    limit: int


def show_list(settings: Settings, wanted: Filter, as_json: bool) -> None:
    """Prints items, oldest first."""
    rows = asyncio.run(_list(settings, wanted))
    show(rows, as_json, lambda out: _print_list(out, rows))


def _print_list(out: Console, rows: Sequence[Row]) -> None:
    """What was asked, and what would be said or was complained of."""
    if not rows:
        out.print("no items")
    for row in rows:
        against = f", against {row['conflicts']} other" if row["conflicts"] else ""
        eyes = f", {ASKING}" if row["needs_second_pair"] else ""
        told = f"{row['status']} {row['source_type']}, confidence {row['confidence_score']}{against}{eyes}"
        texts = (("?", row["question"]), (MARKS[row["content_kind"]], row["proposed_content"]))
        print_entry(out, row["id"], told, texts)


def show_summary(settings: Settings, as_json: bool) -> None:
    """Prints how many items of each source and status all shops have."""
    rows = asyncio.run(_summary(settings))
    cells = [(row["source_type"], row["status"], row["items"], float(row["avg_confidence"])) for row in rows]
    columns = ("source", "status", "items", "average confidence")
    show(rows, as_json, lambda out: out.print(table(columns, cells) if rows else "no items"))


def show_one(settings: Settings, shop: int, item: UUID, as_json: bool) -> None:
    """Prints one item and all that belongs to it."""
    found, target = asyncio.run(_one_and_target(settings, shop, item))
    show(asdict(found) | {"target": target}, as_json, lambda out: _render(out, found, target))


async def conflicting(settings: Settings, shop: int, item: UUID) -> list[UUID]:
    """The open items of the same topic that answer otherwise."""
    found = await _one(settings, shop, item)
    return [row["id"] for row in found.conflicts if row["status"] in ("pending", "approved")]


async def _list(settings: Settings, wanted: Filter) -> list[Row]:
    async with queries(settings) as ask:
        return await ask.queue(wanted.shop, Wanted(wanted.status, wanted.source), limit=wanted.limit)


async def _summary(settings: Settings) -> list[Row]:
    async with queries(settings) as ask:
        return await ask.summary()


async def _one(settings: Settings, shop: int, item: UUID) -> Item:
    async with queries(settings) as ask:
        found = await ask.item(shop, item)
    if found is None:
        raise Failed(f"shop {shop} has no item {item}")
    return found


async def _one_and_target(settings: Settings, shop: int, item: UUID) -> tuple[Item, Row | None]:
    """The item, and the knowledge that it would supersede, if any."""
    found = await _one(settings, shop, item)
    target = found.row["metadata"].get("target")
    if target is None:
        return found, None
    async with queries(settings) as ask:
        known = await ask.knowledge_item(shop, UUID(target))
    return found, known.row if known else None


def _render(out: Console, item: Item, target: Row | None) -> None:
    row = item.row
    out.print(_panel(row))
    if row["metadata"].get("needs_second_pair"):
        out.print(Text(harmless(f"{ASKING}: {'; '.join(_reasons(row))}"), style="bold"))
    if target is not None:
        out.print(Text("would supersede" if row["status"] != "applied" else "superseded", style="bold"))
        out.print(_known(target))
    if item.conflicts:
        out.print(Text("in conflict with", style="bold"))
        out.print(Columns([_panel(each) for each in item.conflicts], equal=True))
    out.print(Text("sources", style="italic"))
    for each in item.sources:
        print_source(out, each)
    if neighbours := row["metadata"]["neighbours"]:
        out.print(table(NEIGHBOURS, [_neighbour(each) for each in neighbours], title="\nneighbours"))
    history = [(each["at"], each["actor"], each["action"], each["after"]) for each in item.audit]
    out.print(table(HISTORY, history, title="\nhistory, latest first"))


def _reasons(row: Row) -> Iterator[str]:
    """Why it does: what was said by sources whose word is not enough."""
    for source in row["metadata"]["sources"]:
        by = source["actor_id"] or "somebody unknown"
        match source.get("second_pair_for"):
            case "urgency":
                yield f"urgent, by {by}"
            case "import":
                known_as = source["imported_as"]
                id = f" as {known_as['external_id']}" if known_as["external_id"] else ""
                yield f"imported from {known_as['source']}{id}, by {by}"


def _panel(row: Row) -> Panel:
    lines = [
        f"question  {row['question'] or '-'}",
        f"content   {row['proposed_content']}",
        f"category  {row['category'] or '-'}",
        f"confidence {row['confidence_score']}, version {row['version']}",
    ]
    return Panel(
        Text(harmless("\n".join(lines))),
        title=f"{row['status']} {row['id']}",
        title_align="left",
        expand=False,
    )


def _known(row: Row) -> Panel:
    lines = [f"question  {row['question'] or '-'}", f"content   {row['content']}"]
    title = f"knowledge, {row['status']} {row['id']}"
    return Panel(Text(harmless("\n".join(lines))), title=title, title_align="left", expand=False)


def _neighbour(match: Row) -> Sequence[object]:
    return (
        match["entity"],
        match["id"],
        match["relation"],
        match["by"],
        match["similarity"],
        match.get("answer_similarity"),
    )
