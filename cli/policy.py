"""`relearn policy`: the numbers that decisions depend on."""

from __future__ import annotations

import asyncio
import getpass
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError

from cli import screen
from cli.decider import pure
from cli.events import to_partition
from cli.failure import Failed, validation
from cli.inforce import policies_in_force
from cli.judged import render, report_of
from cli.options import By, Json, Limit, NoWait, OneDomain, Timeout
from cli.replaying import bar
from cli.screen import print_json
from cli.toml import to_toml
from cli.writing import Manner, carry_out, report
from runtime.clock import SystemClock
from runtime.settings import Settings, load_settings
from schemas.control import PolicyAdopted
from schemas.event import Event
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.topics import LEARNING, DomainTopics
from streams.learning.judging import Judgement
from streams.trial import Tell, try_policy

app = typer.Typer(no_args_is_help=True, add_completion=False)

PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The whole policy, as TOML.")]


@app.callback()
def policy() -> None:
    """Show or adopt the numbers that decisions depend on."""


@app.command(epilog="Example: relearn policy show")
def show(domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Show the policy in force, as each partition's log says it."""
    found = asyncio.run(policies_in_force(load_settings(), pure(domain).topics))
    if as_json:
        print_json([each.as_json() for each in found])
        return
    for name in dict.fromkeys(each.hash for each in found):
        same = [each for each in found if each.hash == name]
        partitions = ", ".join(str(each.partition) for each in same)
        typer.echo(f"# policy {name}, embedding model {same[0].model}, partitions {partitions}\n")
        typer.echo(to_toml(same[0].policy))


@app.command(epilog="Example: relearn policy default > policy.toml")
def default(domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Print the default policy, to be edited and adopted."""
    policy = content(pure(domain).policy())
    print_json(policy) if as_json else typer.echo(to_toml(policy))


@app.command(epilog="Example: relearn policy adopt policy.toml")
def adopt(
    file: PolicyFile,
    adopted_by: By = None,
    domain: OneDomain = LEARNING.name,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Adopt a policy in every partition of its domain. What the file leaves out takes its default."""
    wanted, topics = read_policy(file, pure(domain).policy), pure(domain).topics
    settings, manner = load_settings(), Manner(not no_wait, timeout, as_json)
    events = asyncio.run(_adoptions(settings, topics, wanted, adopted_by or getpass.getuser()))
    report(events, asyncio.run(carry_out(settings, events, manner, topics)), manner)
    if not as_json:
        typer.echo(f"policy {policy_hash(wanted)} for {len(events)} partitions")


@app.command(epilog="Example: relearn policy validate policy.toml")
def validate(file: PolicyFile, domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Tell whether a file holds a policy, and by which hash records would name it."""
    wanted = read_policy(file, pure(domain).policy)
    print_json(content(wanted)) if as_json else typer.echo(f"{file} holds policy {policy_hash(wanted)}")


@app.command("try", epilog="Example: relearn policy try policy.toml")
def try_out(file: PolicyFile, limit: Limit = 20, as_json: Json = False) -> None:
    """Decide the whole learning log again under another policy, and compare; nothing is written.

    The recorded vectors are used. What reviewers said is compared with what either policy approves by itself.
    """
    wanted = read_policy(file)
    began = SystemClock().monotonic()
    judged = asyncio.run(_tried(load_settings(), wanted))
    seconds = SystemClock().monotonic() - began
    told = report_of(judged, policy_hash(wanted), seconds)
    screen.show(told, as_json, lambda out: render(out, told, judged.flips[:limit]))


async def _tried(settings: Settings, policy: BaseModel) -> Judgement:
    judged = Judgement()
    with bar("decided again") as progress:
        tell = Tell(lambda tried: judged.hear(*tried), progress.begin, progress.tell)
        await try_policy(settings, pure(LEARNING.name), policy, tell)
    return judged


def read_policy(file: Path, model: type[BaseModel] = LearningPolicy) -> BaseModel:
    """The policy in this file.

    Raises:
        Failed: saying what is wrong with it.
    """
    try:
        said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return model.model_validate(said)
    except tomllib.TOMLDecodeError as error:
        raise Failed(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        raise Failed(f"{file}: {validation(error)}") from error


async def _adoptions(
    settings: Settings, topics: DomainTopics, policy: BaseModel, adopted_by: str
) -> list[Event[PolicyAdopted]]:
    now = SystemClock().now()
    return [
        to_partition(
            PolicyAdopted(
                partition=each.partition,
                policy=content(policy),
                embedding_model=each.model,
                adopted_by=adopted_by,
            ),
            now,
        )
        for each in await policies_in_force(settings, topics)
    ]
