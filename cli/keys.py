"""`relearn keys`: who may call the API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.console import Console

from cli.failure import Failed
from cli.options import Json
from cli.screen import cell, print_entry, shortened, show
from runtime.clock import SystemClock
from runtime.kafka import create_topics
from runtime.keys import every_key, put_key
from runtime.settings import Settings, load_settings
from schemas.access import SECRET_BYTES, Key, Role, hash_of, secret_of
from schemas.topics import KEYS

LASTING = re.compile(r"([1-9][0-9]{0,4})([dh])", re.ASCII)
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def keys() -> None:
    """Let services and people call the API, or no longer."""


@app.command(epilog="Example: relearn keys create --role reviewer --shop 7 --name 'Ann Lee' --expires 90d")
def create(
    role: Annotated[Role, typer.Option("--role", help="What it may do.")],
    shop: Annotated[
        list[int] | None, typer.Option("--shop", min=1, help="For this shop; may be repeated.")
    ] = None,
    all_shops: Annotated[bool, typer.Option("--all-shops", help="For every shop.")] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Whose it is; without it, named for its role.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="90d|DATE", help="Until when it opens; without it, until revoked."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an access key, and print its secret: the only time that anybody sees it."""
    if bool(shop) == all_shops:
        raise Failed("name either --shop, once for each, or --all-shops")
    now = SystemClock().now()
    shops = tuple(sorted(set(shop))) if shop else None
    until = None if expires is None else _expiry(expires, now)
    key, secret = minted(role, shops, role if name is None else name, now, until)
    asyncio.run(_create(load_settings(), key))
    # What stands on standard output is the secret alone, for scripts to take.
    show({**_told(key, now), "secret": secret}, as_json, lambda _: typer.echo(secret))
    if not as_json:
        typer.echo(
            f"{key.id}: {shortened(key.name)}, {_words(key)}. Its secret is not shown again.", err=True
        )


@app.command("list", epilog="Example: relearn keys list")
def list_keys(as_json: Json = False) -> None:
    """List all keys, oldest first, those that open nothing any more too."""
    now = SystemClock().now()
    found = sorted(asyncio.run(every_key(load_settings())).values(), key=lambda key: (key.created_at, key.id))
    show([_told(key, now) for key in found], as_json, lambda out: _render(out, found, now))


@app.command(epilog="Example: relearn keys revoke 1512ce80-5104-5718-8f4f-0b0a46804fca")
def revoke(
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="Its id, as `relearn keys list` shows it.")],
    as_json: Json = False,
) -> None:
    """Let a key open nothing any more, within a second and for ever."""
    now = SystemClock().now()
    key = asyncio.run(_revoke(load_settings(), key_id, now))
    show(_told(key, now), as_json, lambda out: out.print(f"{key.id} is revoked {_time(key)}"))


def minted(
    role: Role, shops: tuple[int, ...] | None, name: str, now: datetime, expires_at: datetime | None = None
) -> tuple[Key, str]:
    """A new key, and its secret."""
    key_id = uuid4()
    secret = secret_of(key_id, token_bytes(SECRET_BYTES))
    key = Key(
        id=key_id,
        name=name,
        role=role,
        shops=shops,
        hash=hash_of(secret),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    return key, secret


async def _create(settings: Settings, key: Key) -> None:
    await create_topics(settings, [KEYS])
    await put_key(settings, key)


async def _revoke(settings: Settings, key_id: UUID, now: datetime) -> Key:
    """The key, revoked now if it was not before.

    Raises:
        Failed: if there is none.
    """
    key = (await every_key(settings)).get(key_id)
    if key is None:
        raise Failed(f"there is no key {key_id}: `relearn keys list` names them")
    if key.revoked_at is None:
        key = key.model_copy(update={"revoked_at": now})
        await put_key(settings, key)
    return key


def _expiry(text: str, now: datetime) -> datetime:
    """When that is: so many days or hours from now, or a time, in UTC where it does not say.

    Raises:
        Failed: if it is neither, or over already.
    """
    if lasting := LASTING.fullmatch(text):
        return now + int(lasting[1]) * UNITS[lasting[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(
            f"--expires {text!r} is no time: 90d, 12h, 2027-01-31 or 2027-01-31T12:00+01:00"
        ) from None
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if at <= now:
        raise Failed(f"--expires {text} is over already")
    return at


def _state(key: Key, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "open" if key.is_open(now) else "expired"


def _told(key: Key, now: datetime) -> Mapping[str, Any]:
    return {**key.model_dump(mode="json", exclude={"hash"}), "state": _state(key, now)}


def _words(key: Key) -> str:
    """What it is for, and since or until when it is what it is."""
    return f"{key.role}, {_shops(key)}, {_time(key)}"


def _shops(key: Key) -> str:
    if key.shops is None:
        return "all shops"
    return f"shop{'s' * (len(key.shops) > 1)} {', '.join(map(str, key.shops))}"


def _time(key: Key) -> str:
    if key.revoked_at is not None:
        return f"since {cell(key.revoked_at)} UTC"
    return "until revoked" if key.expires_at is None else f"until {cell(key.expires_at)} UTC"


def _render(out: Console, found: list[Key], now: datetime) -> None:
    for key in found:
        print_entry(out, key.id, shortened(key.name), [(_state(key, now), _words(key))])
    if not found:
        out.print("there are no keys: `relearn keys create` makes one")
