"""`relearn why`: the whole line from what was said to what is live now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Domains, Json
from cli.screen import cell, harmless, shortened, show
from cli.tables import opened
from projections.domains import PROJECTIONS
from projections.line import Told, line_of
from projections.lineage import Lineage
from runtime.settings import Settings

app = typer.Typer(add_completion=False)

TELLING = (
    *("question", "answer", "content", "proposed_content", "corrected_answer", "edited_content", "reason"),
    *("message", "transcript", "task_description", "solution_summary", "comment"),
)
"""Fields of events that say most; the first one that an event has is shown."""

STANDING = (
    *("status", "question", "content", "proposed_content", "confidence_score", "success", "model_tier"),
    *("feedback_type", "rating", "corrected_answer", "response_text", "transcript", "created_at"),
)

WIDTH = 100


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
        projection = PROJECTIONS[domain]
        async with (
            opened(settings, domain) as pool,
            line_of(settings, projection, Lineage(pool, projection)) as line,
        ):
            told = await line.record(int(partition), int(offset)) if is_record else await line.entity(id)
            if told is not None:
                return told
    raise Failed(f"no record stands at {id}" if is_record else f"nothing was ever decided about {id}")


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
