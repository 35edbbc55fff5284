"""What was erased, and where its bytes still are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from rich.console import Console
from rich.text import Text

from cli.screen import show, table
from cli.tables import queries
from projections.queries import Row
from runtime.kafka import topic_configs
from runtime.settings import Settings
from schemas.topics import DAY_MS, DEAD_LETTERS, LEARNING, Topic

FADING = (*LEARNING.inputs, LEARNING.enriched, DEAD_LETTERS)
"""Topics whose messages go with time."""

COPY = "tables beside those that are read, until it is dropped: `relearn rebuild --clean`, if nobody kept it by name"

COLUMNS = ("at", "shop", "what", "erased", "in the log", "record")


@dataclass(frozen=True, slots=True)
class Place:
    """Where words of somebody who was erased may still be. `until`: when they are gone there by themselves, at the
    latest; none: something has to be done, or time alone does not tell.
    """

    place: str
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What tables and brokers tell. `copies`: other schemas with such tables."""

    erasures: Sequence[Row]
    replaced_rows: int
    copies: Sequence[str]
    topics: Mapping[str, Mapping[str, str]]


def show_report(settings: Settings, shop: int | None, as_json: bool) -> None:
    """Prints every erasure, and where its bytes are."""
    seen = asyncio.run(_look(settings, shop))
    places = list(_places(settings, seen)) if seen.erasures else []
    listed = [
        {**each, "in_topics_until": max(_untils(each["at"], seen.topics), default=None)}
        for each in seen.erasures
    ]
    said = {"erasures": listed, "places": [asdict(place) for place in places]}
    show(said, as_json, lambda out: _print(out, listed, places))


async def _look(settings: Settings, shop: int | None) -> Seen:
    async with queries(settings) as ask:
        tables = await ask.erasures(shop), await ask.replaced_rows(), await ask.copies()
    return Seen(*tables, await topic_configs(settings, (*FADING, *LEARNING.feeds)))


def _untils(at: datetime, told: Mapping[str, Mapping[str, str]]) -> list[datetime]:
    found = (_until(at, told.get(topic.name, {})) for topic in FADING)
    return [until for until in found if until is not None]


def _until(at: datetime, config: Mapping[str, str]) -> datetime | None:
    """Until when a topic can hold what came before this time: a segment is removed as a whole, when the last of what
    it holds is old enough, and takes new messages for as long as `segment.ms`.
    """
    kept, segment = int(config.get("retention.ms", -1)), int(config.get("segment.ms", -1))
    return None if kept < 0 or segment < 0 else at + timedelta(milliseconds=kept + segment)


def _places(settings: Settings, seen: Seen) -> Iterator[Place]:
    """For the last erasure; what came before it is gone sooner."""
    at = seen.erasures[-1]["at"]
    if not all(each["from_log"] for each in seen.erasures):
        why = "kept for ever: until a generation without the words is adopted"
        yield Place(settings.topic(LEARNING.log.name), None, why)
    yield from _of_generations(settings)
    yield from (_fading(settings, topic, at, seen.topics) for topic in FADING)
    for feed in LEARNING.feeds:
        yield Place(settings.topic(feed.name), None, "earlier values, until the brokers compact the topic")
    yield Place(
        "postgres",
        None,
        f"{seen.replaced_rows:,} rows that were replaced, until VACUUM; WAL and backups as you keep them",
    )
    for schema in seen.copies:
        yield Place(f"schema {schema}", None, COPY)
    yield Place("snapshots", None, "of deciders that have had the partition before, until they save it again")
    yield Place("embedding caches", None, "vectors without words, until newer ones take their place")
    yield Place(
        "API processes", None, "answers to requests with an Idempotency-Key, until newer ones or a restart"
    )
    yield Place("exports", None, "files of `relearn log export`: not known here")


def _of_generations(settings: Settings) -> Iterator[Place]:
    """The topics that are not those of the current generation."""
    known = settings.registered(LEARNING.name)
    current = {settings.topic(topic.name) for topic in LEARNING}
    for each in known.generations:
        within = settings.within(LEARNING.name, each.number)
        for name in sorted({within.topic(topic.name) for topic in LEARNING} - current):
            yield Place(name, None, f"until `relearn generation drop {each.number}`")


def _fading(settings: Settings, topic: Topic, at: datetime, told: Mapping[str, Mapping[str, str]]) -> Place:
    name, config = settings.topic(topic.name), told.get(topic.name)
    if config is None:
        return Place(name, None, "the topic is not there")
    if (until := _until(at, config)) is None:
        return Place(name, None, "kept for ever by the brokers' settings")
    days = (int(config[key]) / DAY_MS for key in ("retention.ms", "segment.ms"))
    return Place(name, until, "kept {:g} days, and up to {:g} more with what came later".format(*days))


def _print(out: Console, erasures: Sequence[Row], places: Sequence[Place]) -> None:
    if not erasures:
        out.print("nothing was ever erased")
        return
    out.print(table(COLUMNS, [_cells(each) for each in erasures]))
    out.print(Text("\nwhere bytes still are", style="bold"))
    out.print(table(("place", "until", "why"), [(p.place, p.until, p.why) for p in places]))


def _cells(each: Row) -> Sequence[object]:
    what = "a person" if each["conversation_id"] is None else f"conversation {each['conversation_id']}"
    counts = ", ".join(f"{name} {each[name]:,}" for name in ("conversations", "items", "knowledge"))
    rest = ", not finished: erase again" if each["unfinished"] else ""
    record = f"{each['log_partition']}:{each['log_offset']}"
    return (each["at"], each["shop_id"], what, counts + rest, not each["from_log"], record)
