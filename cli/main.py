"""`relearn`: its commands, each loaded only when it is called, and the one place where failures become a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException


class Command(NamedTuple):
    """Where a command's `app` stands, and what it is for in a few words."""

    module: str
    about: str


COMMANDS: Mapping[str, Command] = {
    "demo": Command(
        "cli.demo.command", "Run a bundled scenario through everything and show what came of it."
    ),
    "up": Command("cli.up", "Run broker, database and every part in one supervised tree."),
    "env": Command("cli.env", "Print the settings of the running tree as export lines."),
    "status": Command("cli.status", "Show how far every part has come, or wait until all is caught up."),
    "produce": Command("cli.produce", "Append events from a file of JSON lines."),
    "import": Command("cli.importing", "Turn public data sets into events."),
    "queue": Command("cli.queue", "Review what might become knowledge."),
    "executions": Command("cli.executions", "Show what was tried, and which tier does best."),
    "apply": Command("cli.apply", "Turn approved items into knowledge."),
    "knowledge": Command("cli.knowledge", "Search, import and change what is known."),
    "erase": Command("cli.erase", "Forget what a person or a conversation said."),
    "policy": Command("cli.policy", "Show or adopt the numbers that decisions depend on."),
    "jobs": Command("cli.jobs", "Run a scheduled job now."),
    "rebuild": Command("cli.rebuild", "Build the tables anew from the log, and swap them in."),
    "verify": Command("cli.verify", "Compare every row with what the log says."),
    "why": Command("cli.why", "Tell where something comes from, event by event."),
    "as-of": Command("cli.as_of", "Build the tables as they were, and ask them."),
    "diff": Command("cli.diff", "Tell what changed between two times."),
    "generation": Command("cli.generation", "Make the past another shape, and adopt it in one step."),
    "log": Command("cli.log", "Back up and restore a decision log, and hold tables against it."),
    "dead-letters": Command(
        "cli.dead_letters.command", "See what could not be decided, and send it again or let it be."
    ),
    "keys": Command("cli.keys", "Let services and people call the API, or no longer."),
    "topics": Command("cli.topics", "Create or list the Kafka topics."),
    "migrate": Command("cli.migrate", "Create, verify or remove the tables."),
    "enrich": Command("cli.enrich", "Repair the enrichment of a partition."),
    "enricher": Command("cli.enricher", "Run an enricher: validates and embeds."),
    "decider": Command("cli.decider", "Run a decider: writes the decision log."),
    "projector": Command("cli.projector", "Run a projector: writes the tables."),
    "api": Command("cli.api", "Serve the HTTP API."),
    "mcp": Command("cli.mcp", "Serve the tools of the API to an assistant."),
    "scheduler": Command("cli.scheduler", "Run the scheduler: jobs at their times."),
    "schemas": Command("cli.schemas", "Write or check the generated schemas."),
    "operations": Command("cli.operations.command", "Write or check the dashboard and the alert rules."),
}


class LazyGroup(TyperGroup):
    """Knows every command by name and imports the one that is called: help must not wait for Kafka or torch."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {name: TyperCommand(name, help=each.about) for name, each in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, found, rest
        if endpoint := os.environ.get("RELEARN_OTLP_ENDPOINT"):
            from runtime.tracing import export_traces

            export_traces(endpoint, name)
        return name, load(name), rest

    def invoke(self, ctx: Any) -> Any:
        from runtime.logging import configure_logging

        # What a command prints is for its caller alone. Parts that run on say more, by their own settings.
        configure_logging("WARNING" if ctx.params.get("debug") else "CRITICAL")
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except BrokenPipeError:
            # Whoever read our output has enough, as `head` does: not worth a word, and none could be written.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            from cli.failure import sentence

            typer.echo(f"relearn: {sentence(error)}", err=True)
            raise typer.Exit(1) from error


def load(name: str) -> Any:
    """The command of this name, imported."""
    command = typer.main.get_command(import_module(COMMANDS[name].module).app)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(epilog="Begin with: relearn demo")
def relearn(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
) -> None:
    """What an assistant learned, from whom, who approved it, and how to undo it."""


def main() -> None:
    """The entry of `relearn`."""
    app(prog_name="relearn")


if __name__ == "__main__":
    main()
