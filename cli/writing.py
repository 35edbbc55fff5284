"""How every writing command goes: append, wait until the effect is visible, say what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from cli.asking import Answer, asker
from cli.failure import Failed
from cli.screen import print_json
from cli.shown import until_shown
from runtime.settings import Settings
from schemas.event import Event
from schemas.saying import refusal, told
from schemas.topics import LEARNING, DomainTopics


@dataclass(frozen=True, slots=True)
class Manner:
    """How long to wait for the effect, and how to speak of it."""

    wait: bool = True
    timeout: float = 30.0
    as_json: bool = False


async def carry_out(
    settings: Settings, events: Sequence[Event[Any]], manner: Manner, domain: DomainTopics = LEARNING
) -> list[Answer]:
    """Appends these events; returns, when their effect is visible in the tables, what was decided about each.

    Without waiting it returns nothing.

    Raises:
        Failed: if nothing is decided, or shown, in time.
    """
    async with asker(settings, domain) as asking:
        if not manner.wait:
            await asking.append(events)
            return []
        answers = await asking.ask(events, manner.timeout)
    offsets = {answer.partition: answer.offset for answer in answers}
    await until_shown(settings, offsets, manner.timeout, domain)
    return answers


def report(events: Sequence[Event[Any]], answers: Sequence[Answer], manner: Manner) -> None:
    """Prints what was decided.

    Raises:
        Failed: if any request was refused, saying why.
    """
    refused = [words for answer in answers if (words := refusal(answer.record)) is not None]
    if manner.as_json:
        print_json([_as_json(answer) for answer in answers] or [{"event_id": event.id} for event in events])
    else:
        _print(events, answers)
    if refused:
        raise Failed("; ".join(refused))


def _print(events: Sequence[Event[Any]], answers: Sequence[Answer]) -> None:
    for answer in answers:
        if refusal(answer.record) is None:
            typer.echo("\n".join(told(answer.record)))
    if not answers:
        typer.echo(f"appended {len(events)} events, not waiting")


def _as_json(answer: Answer) -> dict[str, Any]:
    return {
        "event_id": answer.event.id,
        "refused": refusal(answer.record),
        "log": {"partition": answer.partition, "offset": answer.offset},
        "outcomes": [
            outcome.model_dump(mode="json", exclude_none=True) for outcome in answer.record.outcomes
        ],
    }


def write(settings: Settings, events: Sequence[Event[Any]], manner: Manner) -> None:
    """The whole of a writing command."""
    report(events, asyncio.run(carry_out(settings, events, manner)), manner)
