"""`relearn dead-letters`: what could not be decided, and what is to become of it."""

from __future__ import annotations

import asyncio
import getpass
import heapq
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.asking import Answer
from cli.dead_letters import telling
from cli.dead_letters.finding import Selection, domain_of, find, known, place
from cli.dead_letters.letters import Letter, Letters
from cli.dead_letters.retrying import Retrying, Try, Wish
from cli.domains import settings_for, topics_of
from cli.events import to_partition
from cli.failure import Failed
from cli.options import AnyShop, By, Domains, Json, Limit, NoWait, Timeout, Yes
from cli.screen import console, print_json
from cli.screen import show as show_data
from cli.writing import Manner, carry_out, report
from runtime.clock import SystemClock
from runtime.fault import Faults
from runtime.settings import Settings
from schemas.control import DeadLetterDiscarded
from schemas.event import Event
from schemas.saying import refusal
from schemas.topics import DOMAINS

PLACE = "TOPIC/PARTITION/OFFSET"

app = typer.Typer(no_args_is_help=True, add_completion=False)

Places = Annotated[
    list[str] | None, typer.Argument(metavar=f"[{PLACE}]...", help="Which, as `list` names them.")
]
All = Annotated[bool, typer.Option("--all", help="All open ones that the other options leave.")]
HELP = "Only those whose reason contains this."
Containing = Annotated[str | None, typer.Option("--containing", help=HELP)]
Reason = Annotated[str | None, typer.Option("--reason", "--containing", help=HELP)]


@app.callback()
def dead_letters() -> None:
    """See what could not be decided, and send it again or let it be."""


@app.command("list", epilog="Example: relearn dead-letters list --shop 7")
def list_letters(
    every: Annotated[bool, typer.Option("--all/--open", help="Not only those that are open.")] = False,
    shop: AnyShop = None,
    reason: Reason = None,
    domain: Domains = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, newest first: where each stood, why it died, what it seems to be, what was done about it.

    The log keeps them for ever. Shop, type and id are as the sender wrote them: nobody has checked that.
    """
    settings, chosen = _settings(domain), Selection(containing=reason, shop=shop)
    found = asyncio.run(find(settings, settings.domains))
    meant = [(name, letters, each) for name, letters in found.items() for each in letters if each in chosen]
    counted = Counter[str](letters.state(each) for _, letters, each in meant)
    wanted = (one for one in meant if every or one[1].state(one[2]) == "open")
    newest = heapq.nlargest(limit, wanted, key=lambda one: (one[2].decided_at, one[2].sent))
    told = [telling.as_json(each, letters, name) for name, letters, each in newest]
    show_data(told, as_json, lambda out: telling.render(out, told))
    if not as_json:
        telling.render_counts(console(), counted, len(told))


@app.command(epilog="Example: relearn dead-letters show learning.events/0/17 --raw > fixed.json")
def show(
    coordinates: Annotated[str, typer.Argument(metavar=PLACE, help="Which, as `list` names them.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Write its bytes, as they came, and nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one dead letter with its bytes."""
    wanted = place(coordinates)
    name = str(domain_of(wanted.topic))
    found = asyncio.run(find(_settings([name]), [name], lambda letter: letter.place == wanted))
    (letter,) = known(found, [wanted])
    if raw:
        sys.stdout.buffer.write(letter.raw)
        return
    told = telling.with_bytes(telling.as_json(letter, found[name], name), letter.raw)
    show_data(told, as_json, lambda out: telling.render_one(out, told))


@app.command(epilog="Example: relearn dead-letters retry learning.events/0/17 --with fixed.json")
def retry(
    coordinates: Places = None,
    every: All = False,
    reason: Reason = None,
    shop: AnyShop = None,
    instead: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="Better bytes, for one letter.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also what would die again, or was sent or discarded before.")
    ] = False,
    note: Annotated[str | None, typer.Option("--note", help="Why, for those who come after.")] = None,
    by: By = None,
    domain: Domains = None,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Send dead letters again, in the order in which they were first sent, and tell what is decided.

    What would die again is left, and named. So is what order cannot be kept with: events of the same shop or task
    that have been decided since.
    """
    chosen = _selection(coordinates, every, reason, shop)
    if instead is not None and len(chosen.places) != 1:
        raise Failed("--with FILE is for one letter: name it")
    better = None if instead is None else instead.read_bytes().strip()
    wish = Wish(by or getpass.getuser(), note, better, force)
    settings, manner = _settings(domain, chosen), Manner(not no_wait, timeout, as_json)
    tries = asyncio.run(_retry(settings, chosen, wish, manner))
    if as_json:
        print_json([telling.try_as_json(each) for found in tries.values() for each in found])
    else:
        for name, found in tries.items():
            telling.render_tries(console(), found, topics_of(name).key)
    _report([each for found in tries.values() for each in found], as_json)


async def _retry(
    settings: Settings, chosen: Selection, wish: Wish, manner: Manner
) -> Mapping[str, Sequence[Try]]:
    found = await find(settings, settings.domains, chosen.__contains__)
    clock, fault = SystemClock(), Faults.from_environment()
    return {
        name: await Retrying(settings, DOMAINS[name], clock, fault).run(found[name], letters, wish, manner)
        for name, letters in _chosen(found, chosen).items()
    }


def _report(tries: Sequence[Try], as_json: bool) -> None:
    """Fails unless all were sent, and none is known to have died again."""
    if not tries and not as_json:
        typer.echo("no open dead letter is like that")
    left = sum(each.left is not None for each in tries)
    dead = sum(each.decided is not None and refusal(each.decided.record) is not None for each in tries)
    if left or dead:
        told = [f"{left} left (--force sends them anyway)"] if left else []
        told += [f"{dead} dead again or refused"] if dead else []
        raise Failed(f"of {len(tries)}: {', '.join(told)}")


@app.command(
    epilog="Example: relearn dead-letters discard learning.events/0/17 --reason 'a test of the gateway'"
)
def discard(
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who come after.")],
    coordinates: Places = None,
    every: All = False,
    containing: Containing = None,
    shop: AnyShop = None,
    by: By = None,
    domain: Domains = None,
    yes: Yes = False,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Say that nothing is to come of these. Their bytes stay where they are, and `list --all` shows them."""
    chosen = _selection(coordinates, every, containing, shop)
    settings, manner = _settings(domain, chosen), Manner(not no_wait, timeout, as_json)
    found = _chosen(asyncio.run(find(settings, settings.domains)), chosen, only_open=True)
    count = sum(map(len, found.values()))
    if every and count and not yes:
        typer.confirm(f"Discard {count:,} dead letters?", abort=True, err=True)
    events, answers = asyncio.run(_discard(settings, found, by or getpass.getuser(), reason, manner))
    if events or as_json:
        report(events, answers, manner)
    else:
        typer.echo("no open dead letter is like that")


async def _discard(
    settings: Settings, found: Mapping[str, Sequence[Letter]], by: str, reason: str, manner: Manner
) -> tuple[list[Event[Any]], list[Answer]]:
    events, answers, now = list[Event[Any]](), list[Answer](), SystemClock().now()
    for name, letters in found.items():
        said = [to_partition(_discarded(letter, by, reason), now) for letter in letters]
        if said:
            answers += await carry_out(settings, said, manner, DOMAINS[name])
            events += said
    return events, answers


def _discarded(letter: Letter, by: str, reason: str) -> DeadLetterDiscarded:
    at = letter.input
    return DeadLetterDiscarded(partition=at.partition, topic=at.topic, offset=at.offset, by=by, reason=reason)


def _selection(
    coordinates: Sequence[str] | None, every: bool, containing: str | None, shop: int | None
) -> Selection:
    """Which letters are meant.

    Raises:
        Failed: if nobody can say.
    """
    if bool(coordinates) == every:
        raise Failed(f"name letters as {PLACE}, or say --all")
    if coordinates and (containing is not None or shop is not None):
        raise Failed(
            "--shop and what the reason contains choose from --all: letters that are named need none"
        )
    return Selection(tuple(dict.fromkeys(map(place, coordinates or ()))), containing, shop)


def _settings(domains: Sequence[str] | None, chosen: Selection | None = None) -> Settings:
    """The settings for these domains, or for those of the letters that are named."""
    for name in domains or ():
        topics_of(name)
    if chosen is not None and chosen.places:
        domains = list(dict.fromkeys(str(domain_of(each.topic)) for each in chosen.places))
    return settings_for(domains)


def _chosen(
    found: Mapping[str, Letters], chosen: Selection, *, only_open: bool = False
) -> dict[str, list[Letter]]:
    """The letters that are meant, by domain: those named, or all open ones that are like this.

    Raises:
        Failed: if one that is named is not known, or not open where it must be.
    """
    if not chosen.places:
        return {
            name: [each for each in letters if each in chosen and letters.state(each) == "open"]
            for name, letters in found.items()
        }
    named: dict[str, list[Letter]] = {name: [] for name in found}
    for letter in known(found, chosen.places):
        name = str(domain_of(letter.input.topic))
        if only_open and (state := found[name].state(letter)) != "open":
            raise Failed(f"{letter.place} is not open but {state}: `relearn dead-letters show` tells by whom")
        named[name].append(letter)
    return named
