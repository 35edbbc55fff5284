"""What came of the demo, read from Postgres where it is in the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from cli.demo.play import Performance
from cli.demo.story import follow, lines
from cli.demo.watch import Seen, Watch
from cli.screen import shortened, table
from cli.tables import opened
from cli.tree import Tree
from projections.learning.overview import table_counts
from projections.learning.projection import PROJECTION
from projections.learning.queries import Item, LearningQueries, Wanted
from schemas.outcome import DeadLettered
from schemas.topics import LEARNING

MOST = 8
"""Repeats and conflicts that are shown."""

ENCODED = re.compile(r"^relearn_texts_encoded ([\d.e+]+)$", re.MULTILINE)


async def report(tree: Tree, watch: Watch, performance: Performance, out: Console) -> None:
    """Prints it all."""
    async with opened(tree.settings) as pool:
        ask = LearningQueries(pool, PROJECTION)
        counts = await table_counts(pool)
        summary = await ask.summary()
        items = [item async for item in _items(ask, _shops(performance))]
        _title(out, "Rows in Postgres, schema learning")
        out.print(table(("table", "rows"), list(counts.items())))
        _title(out, "The learning queue, by source and status")
        cells = [(r["source_type"], r["status"], r["items"], float(r["avg_confidence"])) for r in summary]
        out.print(table(("source", "status", "items", "average confidence"), cells))
        _repeats(out, items)
        _conflicts(out, items)
        await _story(out, ask, watch.seen)
    _dead_letters(out, watch.seen)
    await _timing(out, tree, watch, performance)


def _title(out: Console, words: str) -> None:
    out.print()
    out.print(Text(words, style="bold cyan"))


def _shops(performance: Performance) -> list[int]:
    events = [message.event for phase in performance.phases for message in phase.messages]
    return sorted({event.shop_id for event in events if event is not None and event.shop_id})


async def _items(ask: LearningQueries, shops: Sequence[int]) -> Any:
    for shop in shops:
        for row in await ask.queue(shop, Wanted(), limit=500):
            if (row["sources"] > 1 or row["conflicts"]) and (
                item := await ask.item(shop, row["id"])
            ) is not None:
                yield item


def _say(out: Console, words: str, style: str = "") -> None:
    """One line, however wide the terminal is."""
    out.print(Text(words, style=style), soft_wrap=True)


def _repeats(out: Console, items: Sequence[Item]) -> None:
    found = sorted((i for i in items if len(i.sources) > 1), key=lambda item: -len(item.sources))
    _title(out, f"Said more than once: {len(found)} items with several sources")
    for item in found[:MOST]:
        row = item.row
        similar = ", ".join(f"{s['similarity']:.4f}" for s in item.sources if s["similarity"] is not None)
        _say(out, f"  {_words(row)}")
        about = f"{len(item.sources)} sources, similarity {similar}, confidence {row['confidence_score']}"
        _say(out, f"    {about}, {row['status']}", style="dim")


def _conflicts(out: Console, items: Sequence[Item]) -> None:
    found = list(_pairs(items))
    _title(out, f"Same question, different answers: {len(found)} conflicts")
    for item, other, similarity, answers in found[:MOST]:
        _say(out, f"  {shortened(item.row['question'], 90) or '(no question)'}")
        _say(out, f"    {item.row['status']:<9} {shortened(item.row['proposed_content'], 90)}")
        _say(out, f"    {other['status']:<9} {shortened(other['proposed_content'], 90)}")
        told = f"questions {similarity:.4f}" + (f", answers {answers:.4f}" if answers is not None else "")
        _say(out, f"    similarity of the {told}", style="dim")


def _pairs(items: Sequence[Item]) -> Iterator[tuple[Item, Any, float, float | None]]:
    """Each conflict once, from the item that found the other."""
    for item in items:
        near = {str(match["id"]): match for match in item.row["metadata"]["neighbours"]}
        for other in item.conflicts:
            if (match := near.get(str(other["id"]))) is not None:
                yield item, other, match["similarity"], match["answer_similarity"]


async def _story(out: Console, ask: LearningQueries, seen: Sequence[Seen]) -> None:
    story = follow(seen)
    if story is None:
        return
    _title(out, "One correction, from event to knowledge")
    for line in lines(story, LEARNING.log.name):
        _say(out, f"  {line}")
    shop = story.steps[0].record.shop_id
    if (known := await ask.knowledge_item(shop, story.knowledge_id)) is not None:
        _say(out, f"  knowledge_base_rag, {known.row['status']}: {_words(known.row)}", style="green")


def _words(row: Any) -> str:
    content = row["proposed_content"] if "proposed_content" in row else row["content"]
    return (
        f"{shortened(row['question'], 60)} → {shortened(content, 80)}"
        if row["question"]
        else shortened(content, 120)
    )


def _dead_letters(out: Console, seen: Sequence[Seen]) -> None:
    letters = [(each, o) for each in seen for o in each.record.outcomes if isinstance(o, DeadLettered)]
    _title(out, f"Dead letters: {len(letters)}")
    for each, outcome in letters:
        at = each.record.input
        where = f"{at.topic}[{at.partition}] {at.offset}" if at else "?"
        _say(out, f"  {where}: {outcome.reason}")


async def _timing(out: Console, tree: Tree, watch: Watch, performance: Performance) -> None:
    _title(out, "Time")
    seconds = sum(performance.seconds)
    texts = await _texts_encoded(tree)
    median, late = watch.percentiles()
    out.print(
        f"  {performance.messages:,} events in {seconds:.1f} s: {performance.messages / seconds:,.0f} events/s, "
        f"{texts:,.0f} texts embedded, {texts / seconds:,.0f} texts/s; "
        f"from event to row p50 {median * 1000:,.0f} ms, p95 {late * 1000:,.0f} ms",
        soft_wrap=True,
    )


async def _texts_encoded(tree: Tree) -> float:
    async with httpx.AsyncClient(timeout=10) as client:
        urls = [url for name, url in tree.health.items() if name.startswith("enricher")]
        pages = [(await client.get(url.removesuffix("health") + "metrics")).text for url in urls]
    return sum(float(count) for page in pages for count in ENCODED.findall(page))
