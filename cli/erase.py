"""`relearn erase`: what a person or a conversation said is forgotten, and where it still is."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from cli.domains import settings_for
from cli.erased import show_report
from cli.events import said
from cli.failure import Failed
from cli.options import AnyShop, Json, NoWait, Timeout
from cli.screen import print_json
from cli.writing import Manner, carry_out
from runtime.clock import SystemClock
from runtime.settings import Settings
from schemas.learning import SubjectErased as Erased
from schemas.review import SubjectErased
from schemas.saying import refusal

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn erase --shop 7 --actor customer-3391 --reason 'ticket 118'")
def erase(
    shop: AnyShop = None,
    actor: Annotated[
        str | None, typer.Option("--actor", help="The person; their conversations go with them.")
    ] = None,
    conversation: Annotated[
        UUID | None, typer.Option("--conversation", help="Or one conversation, whoever took part in it.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why. It stays in the log: do not name the person.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who asks for it.")] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Erase nothing: tell what was erased, and where it still is.")
    ] = False,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Forget what was said so far, at once: in tables, indexes, feeds and what deciders keep.

    Counts and the audit stay, and so does the log until `relearn generation create --erased`. What the same person
    says later is new. It may be asked for as often as one likes.
    """
    if report:
        show_report(settings_for(), shop, as_json)
        return
    if shop is None or reason is None or (actor is None) == (conversation is None):
        raise Failed("name --shop, --reason, and either --actor or --conversation; or --report")
    data = SubjectErased(
        erased_actor_id=actor, erased_conversation_id=conversation, reason=reason, actor_id=by
    )
    done = asyncio.run(_erase(settings_for(), shop, data, Manner(not no_wait, timeout, as_json)))
    if as_json:
        print_json([each.model_dump(mode="json", exclude_none=True) for each in done])
    else:
        typer.echo(_told(done) if done else "appended, not waiting")


async def _erase(settings: Settings, shop: int, data: SubjectErased, manner: Manner) -> list[Erased]:
    """What was decided; a subject that does not fit into one record is asked for again until nothing is left.

    Raises:
        Failed: if it cannot be decided, or is not in time.
    """
    done: list[Erased] = []
    while not done or done[-1].unfinished:
        answers = await carry_out(settings, [said(data, shop, SystemClock().now())], manner)
        if not answers:
            break
        record = answers[0].record
        if (refused := refusal(record)) is not None:
            raise Failed(refused)
        done += [outcome for outcome in record.outcomes if isinstance(outcome, Erased)]
    return done


def _told(done: list[Erased]) -> str:
    conversations = sum(len(each.conversations) for each in done)
    items, knowledge = sum(each.items for each in done), sum(each.knowledge for each in done)
    if not (conversations or items or knowledge):
        return (
            "nothing was learned from them: feedback, calls and responses of theirs are erased, if there are any. "
            "If you expected more, look at the shop and the id."
        )
    return (
        f"erased: conversations {conversations:,}, items {items:,}, knowledge {knowledge:,}, and all feedback, "
        "corrections, calls and responses of theirs. `relearn erase --report` tells where bytes still are."
    )
