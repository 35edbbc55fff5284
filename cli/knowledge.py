"""`relearn knowledge`: search, import and change what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cli import knowing
from cli.bulk import import_file
from cli.domains import settings_for, settings_of_tables
from cli.events import said
from cli.options import Json, Limit, NoWait, Reviewer, Shop, Timeout
from cli.screen import print_json
from cli.writing import Manner, write
from runtime.clock import SystemClock
from schemas.review import KnowledgeChange, KnowledgeEdited, KnowledgeRetracted, KnowledgeRolledBack
from schemas.standing import KnowledgeStatus

app = typer.Typer(no_args_is_help=True, add_completion=False)

Knowledge = Annotated[UUID, typer.Argument(metavar="KNOWLEDGE", help="Its id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for those who come after.")]


@app.callback()
def knowledge() -> None:
    """Search, import and change what is known."""


@app.command("list", epilog="Example: relearn knowledge list --shop 7")
def list_knowledge(
    shop: Shop,
    status: Annotated[
        KnowledgeStatus, typer.Option("--status", help="Only knowledge in this state.")
    ] = "live",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List a shop's knowledge, oldest first."""
    knowing.show_list(settings_of_tables(), shop, status, limit, as_json)


@app.command(epilog="Example: relearn knowledge search --shop 7 'how long do refunds take'")
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question, or words.")],
    shop: Shop,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="At most so many.")] = 5,
    as_json: Json = False,
) -> None:
    """Search live knowledge by meaning; by words alone where no model is installed."""
    knowing.search(settings_of_tables(), shop, query, limit, as_json)


@app.command("import", epilog="Example: relearn knowledge import --shop 7 --source handbook faq.csv")
def import_knowledge(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv|FILE.jsonl", help="Columns: content, question, category, external_id."
        ),
    ],
    shop: Shop,
    source: Annotated[
        str, typer.Option("--source", help="Where it comes from; with external_id it names an entry.")
    ],
    reviewer: Annotated[
        UUID | None,
        typer.Option(
            "--reviewer", envvar="RELEARN_REVIEWER", help="Who imports it, a UUID.", show_envvar=True
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds without progress to wait at most.")
    ] = 120.0,
    as_json: Json = False,
) -> None:
    """Import knowledge, live at once unless the policy asks for a second pair of eyes; no faster than it becomes
    visible, so that others need not queue behind it.
    """
    by = None if reviewer is None else str(reviewer)
    counts = import_file(settings_for(), file, shop, source, by, timeout)
    if as_json:
        print_json(counts)
    else:
        typer.echo(
            ", ".join(f"{count:,} {words}" for words, count in counts.items()) or "the file holds nothing"
        )


@app.command(
    epilog="Example: relearn knowledge edit --shop 7 ID --content 'Within 30 days.' --reason 'new terms'"
)
def edit(
    knowledge: Knowledge,
    shop: Shop,
    reviewer: Reviewer,
    content: Annotated[str, typer.Option("--content", help="What is to be said from now on.")],
    reason: Reason,
    question: Annotated[
        str | None, typer.Option("--question", help="Without it, the old question is kept.")
    ] = None,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Make a new version that supersedes this one."""
    data = KnowledgeEdited(
        knowledge_id=knowledge, reviewer_id=reviewer, reason=reason, content=content, question=question
    )
    _write(shop, data, Manner(not no_wait, timeout, as_json))


@app.command(epilog="Example: relearn knowledge retract --shop 7 ID --reason 'no longer true'")
def retract(
    knowledge: Knowledge,
    shop: Shop,
    reviewer: Reviewer,
    reason: Reason,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """End this knowledge."""
    data = KnowledgeRetracted(knowledge_id=knowledge, reviewer_id=reviewer, reason=reason)
    _write(shop, data, Manner(not no_wait, timeout, as_json))


@app.command(epilog="Example: relearn knowledge rollback --shop 7 ID --reason 'the old answer was right'")
def rollback(
    knowledge: Knowledge,
    shop: Shop,
    reviewer: Reviewer,
    reason: Reason,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Undo this version: its predecessor is live again."""
    data = KnowledgeRolledBack(knowledge_id=knowledge, reviewer_id=reviewer, reason=reason)
    _write(shop, data, Manner(not no_wait, timeout, as_json))


def _write(shop: int, data: KnowledgeChange, manner: Manner) -> None:
    write(settings_for(), [said(data, shop, SystemClock().now())], manner)
