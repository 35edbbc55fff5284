"""`relearn why`: the whole line from what was said to what is live now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.text import Text
from rich.tree import Tree

from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Domains, Json
from cli.projector import PROJECTIONS
from cli.screen import cell, harmless, shortened, show
from cli.tables import opened
from projections.lineage import Appearance, Lineage, Trace
from projections.projection import Projection
from runtime.settings import Settings
from schemas.outcome import Outcome
from schemas.record import Record
from schemas.topics import DOMAINS
from streams.log import decode, end_of, read, reader, tps_of

app = typer.Typer(add_completion=False)

LEADS = ("knowledge_id", "item_id", "supersedes", "superseded_by", "split_from", "new_item_id")
"""Fields of outcomes that name another entity of the same line."""

TELLING = (
    *("question", "answer", "content", "proposed_content", "corrected_answer", "edited_content", "reason"),
    *("message", "transcript", "task_description", "solution_summary", "comment"),
)
"""Fields of events that say most; the first one that an event has is shown."""

STANDING = ("status", "question", "content", "proposed_content", "confidence_score", "success", "model_tier")

WIDTH = 100

Told = dict[str, Any]


@app.command(epilog="Example: relearn why 6f1c2a52-8d5a-5d0e-9a57-0f6c3f1d2b7e")
def why(
    entity_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Of an item, a piece of knowledge or a task; or a record, PARTITION:OFFSET."
        ),
    ],
    domain: Domains = None,
    as_json: Json = False,
) -> None:
    """Tell where something comes from: every event, outcome, neighbour and reviewer, up to what is live now."""
    settings = settings_for(domain)
    found = asyncio.run(_why(settings, entity_id))
    show(found, as_json, lambda out: out.print(_tree(found)))


async def _why(settings: Settings, id: str) -> Told:
    partition, colon, offset = id.partition(":")
    is_record = bool(colon) and partition.isdecimal() and offset.isdecimal()
    for domain in settings.domains:
        async with AsyncExitStack() as stack:
            line = await Line.opened(settings, domain, stack)
            told = await line.record(int(partition), int(offset)) if is_record else await line.entity(id)
            if told is not None:
                return told
    raise Failed(f"no record stands at {id}" if is_record else f"nothing was ever decided about {id}")


@dataclass
class Line:
    """Follows entities of one domain through tables and log. None of them is told twice."""

    projection: Projection
    lineage: Lineage
    consumer: AIOKafkaConsumer
    tps: Sequence[TopicPartition]
    seen: set[str]

    @classmethod
    async def opened(cls, settings: Settings, domain: str, stack: AsyncExitStack) -> Line:
        """With its clients, for as long as the stack lasts."""
        projection, log = PROJECTIONS[domain], DOMAINS[domain].log
        tps = await tps_of(settings, log)
        consumer = await stack.enter_async_context(reader(settings, *tps))
        pool = await stack.enter_async_context(opened(settings, domain))
        return cls(projection, Lineage(pool, projection), consumer, tps, set())

    async def entity(self, id: str) -> Told | None:
        """All that is known of an entity, and of those that it leads to; None if it is not of this domain."""
        trace = await self.lineage.trace(id)
        if trace is None:
            return None
        self.seen.add(id)
        history = [await self._appearance(trace, each) for each in trace.appearances]
        line = [each for other in _leads(history) if (each := await self._other(other)) is not None]
        first = trace.appearances[0]
        return {
            "domain": self.projection.name,
            "entity": first.entity,
            "id": id,
            "shop_id": first.shop_id or None,
            "now": trace.now,
            "history": history,
            "line": line,
        }

    async def record(self, partition: int, offset: int) -> Told | None:
        """What stands at one place of the log, and the entities that it is about; None if nothing does."""
        record = await self._read(partition, offset)
        if record is None:
            return None
        about = dict.fromkeys(each.entity_id for each in record.outcomes if each.entity_id)
        told = self._record(record, partition, offset)
        told["outcomes"] = [_outcome(each) for each in record.outcomes]
        told["line"] = [each for id in about if (each := await self._other(id)) is not None]
        return told

    async def _other(self, id: str) -> Told | None:
        return None if id in self.seen else await self.entity(id)

    async def _appearance(self, trace: Trace, at: Appearance) -> Told:
        told: Told = {"at": at.at, "actor": at.actor, "action": at.action}
        record = await self._read(at.log_partition, at.log_offset)
        if record is None:
            raise Failed(
                f"the log lacks {self.projection.log}[{at.log_partition}] {at.log_offset}: relearn log verify"
            )
        said = (o for o in record.outcomes if o.entity_id == trace.id and type(o).__name__ == at.action)
        outcome = next(said, None)
        return {
            **told,
            **self._record(record, at.log_partition, at.log_offset),
            "outcome": None if outcome is None else _outcome(outcome),
        }

    def _record(self, record: Record, partition: int, offset: int) -> Told:
        event, given = record.event, record.input
        return {
            "record": {
                "topic": self.projection.log,
                "partition": partition,
                "offset": offset,
                "seq": record.seq,
                "policy": record.policy,
            },
            "input": given and {"topic": given.topic, "partition": given.partition, "offset": given.offset},
            "event": event
            and {
                "id": event.id,
                "type": event.type,
                "source": event.source,
                "time": event.time,
                "data": orjson.loads(record.raw)["data"],
            },
        }

    async def _read(self, partition: int, offset: int) -> Record | None:
        if partition >= len(self.tps):
            return None
        tp = self.tps[partition]
        if offset >= await end_of(self.consumer, tp):
            return None
        async for lot in read(self.consumer, tp, offset, offset + 1):
            return decode(self.projection.codec, lot[0])
        return None


def _outcome(outcome: Outcome) -> Told:
    """Without its vectors."""
    said = outcome.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in said.items() if "embedding" not in name and name != "words"}


def _leads(history: list[Told]) -> Iterator[str]:
    """The ids of other entities that these outcomes name."""
    for each in history:
        outcome = each["outcome"] or {}
        for said in (outcome, outcome.get("was") or {}, outcome.get("now") or {}):
            yield from (said[name] for name in LEADS if name in said)


def _tree(told: Told) -> Tree:
    if "history" not in told:
        root = Tree(Text(_place(told)))
        _add_event(root, told)
        for outcome in told["outcomes"]:
            root.add(Text(harmless(f"{outcome['kind']} {_details(outcome)}")))
    else:
        root = Tree(Text(f"{told['entity']} {told['id']}", style="bold"))
        if told["now"] is None:
            root.add(Text("is in no table now", style="italic"))
        else:
            now = {name: told["now"][name] for name in STANDING if told["now"].get(name) is not None}
            root.add(Text("now: " + ", ".join(f"{n} {_short(v)}" for n, v in now.items()), style="green"))
        for each in told["history"]:
            branch = root.add(
                Text(harmless(f"{cell(each['at'])} {each['action']} by {each['actor'] or '-'}"))
            )
            branch.add(Text(_place(each), style="dim"))
            _add_event(branch, each)
            if each["outcome"] and (details := _details(each["outcome"], told["id"])):
                branch.add(Text(harmless(details)))
            for match in (each["outcome"] or {}).get("matches", ()):
                near = f"{match['entity']} {match['id']}: {match['relation']}, {match['similarity']:.4f}"
                branch.add(Text(f"compared with {near}", style="cyan"))
    for each in told["line"]:
        root.add(_tree(each))
    return root


def _add_event(branch: Tree, told: Told) -> None:
    if (event := told["event"]) is None:
        return
    words = next((event["data"][name] for name in TELLING if event["data"].get(name)), None)
    said = f"{event['type']} {event['id']} from {event['source']}"
    branch.add(Text(harmless(said if words is None else f"{said}: {_short(words)}")))


def _place(told: Told) -> str:
    record, given = told["record"], told["input"]
    place = f"{record['topic']}[{record['partition']}] {record['offset']}, policy {record['policy']}"
    return (
        place if given is None else f"{place}, from {given['topic']}[{given['partition']}] {given['offset']}"
    )


def _details(outcome: Mapping[str, Any], own_id: str = "") -> str:
    """What an outcome tells in words and numbers, beside the id of what it is about."""
    known = {"kind", "shop_id", *(name for name, value in outcome.items() if value == own_id)}
    plain = {n: v for n, v in outcome.items() if n not in known and not isinstance(v, dict | list)}
    state = outcome.get("now") or {}
    return ", ".join(f"{name} {_short(value)}" for name, value in {**plain, **state}.items())


def _short(value: Any) -> str:
    return shortened(cell(value), WIDTH)
