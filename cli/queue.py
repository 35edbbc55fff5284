"""`relearn queue`: what a reviewer sees and decides."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.domains import settings_for, settings_of_tables
from cli.events import D, said
from cli.failure import Failed
from cli.items import Filter, conflicting, show_list, show_one, show_summary
from cli.options import AnyShop, Json, Limit, NoWait, Reviewer, Shop, Timeout
from cli.writing import Manner, carry_out, report, write
from runtime.clock import SystemClock
from runtime.settings import Settings
from schemas.event import Event, ShopData
from schemas.review import ItemApproved, ItemRejected, ItemsAssigned, ItemsReleased, MergeReverted
from schemas.saying import refusal
from schemas.standing import ItemStatus, SourceType

app = typer.Typer(no_args_is_help=True, add_completion=False)

Item = Annotated[UUID, typer.Argument(metavar="ITEM", help="The item's id.")]
Items = Annotated[list[UUID], typer.Argument(metavar="ITEM...", help="The items' ids.")]
Note = Annotated[str | None, typer.Option("--note", help="Why, for those who come after.")]
Version = Annotated[
    int | None,
    typer.Option("--item-version", min=1, help="Refuse if the item has changed since this version."),
]


@app.callback()
def queue() -> None:
    """Review what might become knowledge."""


@app.command("list", epilog="Example: relearn queue list --shop 7 --status pending")
def list_items(
    shop: AnyShop = None,
    status: Annotated[ItemStatus | None, typer.Option("--status", help="Only items in this state.")] = None,
    source: Annotated[
        SourceType | None, typer.Option("--source", help="Only items from this source.")
    ] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List a shop's items, oldest first; without a shop, how many there are of each source and status."""
    if shop is None:
        show_summary(settings_of_tables(), as_json)
    else:
        show_list(settings_of_tables(), Filter(shop, status, source, limit), as_json)


@app.command(epilog="Example: relearn queue show --shop 7 0b8f6a52-6c0f-5a0e-9a52-0d1c2f6f7a11")
def show(item: Item, shop: Shop, as_json: Json = False) -> None:
    """Show one item: its sources, its neighbours, and what it conflicts with side by side."""
    show_one(settings_of_tables(), shop, item, as_json)


@app.command(
    epilog="Example: relearn queue approve --shop 7 --content 'Within 30 days.' 0b8f6a52-6c0f-5a0e-9a52-0d1c2f6f7a11"
)
def approve(
    item: Item,
    shop: Shop,
    reviewer: Reviewer,
    content: Annotated[str | None, typer.Option("--content", help="The answer in your words.")] = None,
    category: Annotated[str | None, typer.Option("--category", help="The category from now on.")] = None,
    note: Note = None,
    item_version: Version = None,
    reject_conflicting: Annotated[
        bool, typer.Option("--reject-conflicting", help="Reject the other items of the conflict.")
    ] = False,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Approve an item; `relearn apply` or the hourly job makes it knowledge."""
    if no_wait and reject_conflicting:
        raise Failed("--reject-conflicting waits for the approval: leave out --no-wait")
    settings, manner = settings_for(), Manner(not no_wait, timeout, as_json)
    data = ItemApproved(
        item_id=item,
        reviewer_id=reviewer,
        item_version=item_version,
        note=note,
        edited_content=content,
        category=category,
    )
    asyncio.run(_approve(settings, _say(shop, data), reject_conflicting, manner))


async def _approve(
    settings: Settings, approval: Event[ItemApproved], reject_conflicting: bool, manner: Manner
) -> None:
    data, shop = approval.data, approval.shop_id
    others = await conflicting(settings, shop, data.item_id) if reject_conflicting else []
    events: list[Event[Any]] = [approval]
    answers = await carry_out(settings, events, manner)
    if others and all(refusal(answer.record) is None for answer in answers):
        note = f"{data.item_id} was approved instead"
        rejections = [
            _say(shop, ItemRejected(item_id=o, reviewer_id=data.reviewer_id, note=note)) for o in others
        ]
        events += rejections
        answers += await carry_out(settings, rejections, manner)
    report(events, answers, manner)


@app.command(
    epilog="Example: relearn queue reject --shop 7 0b8f6a52-6c0f-5a0e-9a52-0d1c2f6f7a11 --note 'a joke'"
)
def reject(
    items: Items,
    shop: Shop,
    reviewer: Reviewer,
    note: Note = None,
    item_version: Version = None,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Reject items."""
    verdicts = [
        ItemRejected(item_id=item, reviewer_id=reviewer, item_version=item_version, note=note)
        for item in items
    ]
    _write([_say(shop, verdict) for verdict in verdicts], Manner(not no_wait, timeout, as_json))


@app.command(epilog="Example: relearn queue assign --shop 7 0b8f6a52-6c0f-5a0e-9a52-0d1c2f6f7a11")
def assign(
    items: Items,
    shop: Shop,
    reviewer: Reviewer,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Take items, so that nobody else decides them meanwhile."""
    data = ItemsAssigned(item_ids=items, reviewer_id=reviewer)
    _write([_say(shop, data)], Manner(not no_wait, timeout, as_json))


@app.command(epilog="Example: relearn queue release --shop 7 0b8f6a52-6c0f-5a0e-9a52-0d1c2f6f7a11")
def release(
    items: Items,
    shop: Shop,
    reviewer: Reviewer,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Give items back."""
    data = ItemsReleased(item_ids=items, reviewer_id=reviewer)
    _write([_say(shop, data)], Manner(not no_wait, timeout, as_json))


@app.command(
    epilog="Example: relearn queue revert --shop 7 ITEM SOURCE (ids as `relearn queue show` lists them)"
)
def revert(
    item: Item,
    source: Annotated[UUID, typer.Argument(metavar="SOURCE", help="The source that should not have joined.")],
    shop: Shop,
    reviewer: Reviewer,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Undo a merge: the source leaves the item and gets its own."""
    data = MergeReverted(item_id=item, source_id=source, reviewer_id=reviewer)
    _write([_say(shop, data)], Manner(not no_wait, timeout, as_json))


def _say(shop: int, data: D) -> Event[D]:
    return said(data, shop, SystemClock().now())


def _write(events: Sequence[Event[ShopData]], manner: Manner) -> None:
    write(settings_for(), events, manner)
