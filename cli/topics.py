"""`relearn topics`: the Kafka topics, as the registry declares them."""

from __future__ import annotations

import asyncio
from typing import Any

import typer
from rich.console import Console

from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Json
from cli.screen import print_json, show, table
from runtime.kafka import create_topics, topic_differences
from runtime.settings import Settings
from schemas.topics import Topic, every_topic

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def topics() -> None:
    """Create or list the Kafka topics."""


@app.command(epilog="Example: relearn topics create")
def create(as_json: Json = False) -> None:
    """Create the topics that are missing, and compare the others with their declarations."""
    made, wrong = asyncio.run(_create(settings_for()))
    if as_json:
        print_json({"created": made, "differences": wrong})
    else:
        typer.echo(f"created: {', '.join(made)}" if made else "all topics were there")
    if wrong:
        raise Failed("; ".join(wrong))


async def _create(settings: Settings) -> tuple[list[str], list[str]]:
    declared = every_topic()
    return await create_topics(settings, declared), await topic_differences(settings, declared)


@app.command("list", epilog="Example: relearn topics list --json")
def list_topics(as_json: Json = False) -> None:
    """List every topic: what it is for, who writes and reads it, and whether the broker has it so."""
    settings = settings_for()
    wrong = asyncio.run(topic_differences(settings, every_topic()))
    rows = [_row(topic, settings, wrong) for topic in every_topic()]
    show(rows, as_json, lambda console: _render(console, rows))


def _row(topic: Topic, settings: Settings, wrong: list[str]) -> dict[str, Any]:
    name = settings.topic(topic.name)
    return {
        "topic": name,
        "about": topic.about,
        "key": topic.key,
        "writers": topic.writers,
        "readers": topic.readers,
        "types": [kind.TYPE for kind in topic.types],
        "differences": [each for each in wrong if each.startswith(f"topic {name} ")],
    }


def _render(console: Console, rows: list[dict[str, Any]]) -> None:
    columns = ("topic", "key", "about", "writers", "broker")
    cells = [
        (
            row["topic"],
            row["key"],
            row["about"],
            ", ".join(row["writers"]),
            "; ".join(row["differences"]) or "as declared",
        )
        for row in rows
    ]
    console.print(table(columns, cells))
