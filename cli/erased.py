"""What was erased, and where its bytes still are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

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

COLUMNS = ("at", "shop", "what", "erased", "in the log", "record")


@dataclass(frozen=True, slots=True)
class Place:
    """Where words of somebody who was erased may still be. `until`: when they are gone there by themselves, at the
    latest; none: something has to be done, or time alone does not tell.
    """

    place: str
    until: datetime | None
    why: str


def show_report(settings: Settings, shop: int | None, as_json: bool) -> None:
    """Prints every erasure, and where its bytes are."""
    erasures, told, replaced = asyncio.run(_look(settings, shop))
    places = list(_places(settings, erasures, told, replaced)) if erasures else []
    listed = [{**each, "in_topics_until": max(_untils(each["at"], told), default=None)} for each in erasures]
    said = {"erasures": listed, "places": [asdict(place) for place in places]}
    show(said, as_json, lambda out: _print(out, listed, places))


async def _look(settings: Settings, shop: int | None) -> tuple[list[Row], Mapping[str, Any], int]:
    async with queries(settings) as ask:
        erasures, replaced = await ask.erasures(shop), await ask.replaced_rows()
    return erasures, await topic_configs(settings, (*FADING, *LEARNING.feeds)), replaced


def _untils(at: datetime, told: Mapping[str, Mapping[str, str]]) -> list[datetime]:
    found = (_until(at, told.get(topic.name, {})) for topic in FADING)
    return [until for until in found if until is not None]


def _until(at: datetime, config: Mapping[str, str]) -> datetime | None:
    """Until when a topic can hold what came before this time: a segment is removed as a whole, when the last of what
    it holds is old enough, and takes new messages for as long as `segment.ms`.
    """
    kept, segment = int(config.get("retention.ms", -1)), int(config.get("segment.ms", -1))
    return None if kept < 0 or segment < 0 else at + timedelta(milliseconds=kept + segment)


def _places(
    settings: Settings, erasures: Sequence[Row], told: Mapping[str, Mapping[str, str]], replaced: int
) -> Iterator[Place]:
    """For the last erasure; what came before it is gone sooner."""
    at = erasures[-1]["at"]
    yield from _logs(settings, is_in_log=not all(each["from_log"] for each in erasures))
    yield from (_fading(settings, topic, at, told) for topic in FADING)
    for feed in LEARNING.feeds:
        yield Place(settings.topic(feed.name), None, "earlier values, until the brokers compact the topic")
    yield Place(
        "postgres",
        None,
        f"{replaced:,} rows that were replaced, until VACUUM; WAL and backups as you keep them",
    )
    yield Place("snapshots", None, "of deciders that have had the partition before, until they save it again")
    yield Place("embedding caches", None, "vectors without words, until newer ones take their place")
    yield Place("exports", None, "files of `relearn log export`: not known here")


def _logs(settings: Settings, *, is_in_log: bool) -> Iterator[Place]:
    """The current log, and those that it was copied from."""
    known = settings.registered(LEARNING.name)
    if is_in_log:
        why = "kept for ever: until a generation without the words is adopted"
        yield Place(settings.topic(LEARNING.log.name), None, why)
    for each in known.generations:
        if each.number != known.current:
            name = each.names.get(LEARNING.log.name, LEARNING.log.name)
            yield Place(settings.topic_prefix + name, None, f"until `relearn generation drop {each.number}`")


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
