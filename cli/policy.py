"""`relearn policy`: the numbers that decisions depend on."""

from __future__ import annotations

import asyncio
import getpass
import tomllib
from pathlib import Path
from typing import Annotated, Any, overload

import typer
from pydantic import BaseModel, ValidationError

from cli import calibrated, screen
from cli.decider import pure
from cli.domains import settings_for
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
from runtime.durable import write_whole
from runtime.reading import partitions_of
from runtime.settings import Settings
from schemas.control import PolicyAdopted
from schemas.event import Event
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.topics import LEARNING, DomainTopics
from streams.hearing import Tell, hear_log
from streams.learning.calibrating import Evidence, Method, TooLittle, calibration_of
from streams.learning.judging import Judgement
from streams.trial import try_policy

app = typer.Typer(no_args_is_help=True, add_completion=False)

PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The whole policy, as TOML.")]


@app.callback()
def policy() -> None:
    """Show, try, calibrate or adopt the numbers that decisions depend on."""


@app.command(epilog="Example: relearn policy show")
def show(domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Show the policy in force, as each partition's log says it."""
    found = asyncio.run(policies_in_force(settings_for(), pure(domain).topics))
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
    settings, manner = settings_for(), Manner(not no_wait, timeout, as_json)
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
    judged = asyncio.run(_tried(settings_for(), wanted))
    seconds = SystemClock().monotonic() - began
    told = report_of(judged, policy_hash(wanted), seconds)
    screen.show(told, as_json, lambda out: render(out, told, judged.flips[:limit]))


async def _tried(settings: Settings, policy: BaseModel) -> Judgement:
    judged = Judgement()
    with bar("decided again") as progress:
        tell = Tell(progress.begin, progress.tell)
        await try_policy(settings, pure(LEARNING.name), policy, lambda tried: judged.hear(*tried), tell)
    return judged


@app.command(epilog="Example: relearn policy calibrate calibrated.toml --plot reliability.png")
def calibrate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the calibrated policy goes, as TOML.")],
    method: Annotated[Method, typer.Option(help="How confidence is fitted to verdicts.")] = "isotonic",
    folds: Annotated[
        int, typer.Option(min=2, max=100, help="Into how many parts the shops are divided to try it.")
    ] = 5,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Where a diagram goes, as PNG.")] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is calibrated; without it, the policy in force.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: Json = False,
) -> None:
    """Fit confidence to what reviewers said, and write the policy that has it so; nothing is adopted.

    How good it is afterwards is told of shops that it was not fitted to.
    """
    for each in filter(None, (file, plot)):
        _check_free(each, force)
    settings = settings_for()
    known = read_policy(policy) if policy else asyncio.run(_in_force(settings))
    began = SystemClock().monotonic()
    evidence = asyncio.run(_heard(settings))
    seconds = SystemClock().monotonic() - began
    try:
        found = calibration_of(evidence.judged, method, folds, known.calibration)
    except TooLittle as error:
        raise Failed(str(error)) from error
    wanted = known.model_copy(update={"calibration": found.knots})
    drawn = calibrated.picture(found) if plot else b""
    write_whole(file, to_toml(content(wanted)).encode())
    if plot:
        write_whole(plot, drawn)
    told = {
        "policy": policy_hash(wanted),
        "file": str(file),
        "plot": str(plot) if plot else None,
        "one_sided": len(evidence.one_sided),
        "calibrated_before": bool(known.calibration),
        "seconds": round(seconds, 3),
        **calibrated.report_of(found),
    }
    screen.show(told, as_json, lambda out: calibrated.render(out, told, found))


def _check_free(file: Path, force: bool) -> None:
    if not file.parent.is_dir():
        raise Failed(f"there is no folder {file.parent}")
    if file.exists() and not force:
        raise Failed(f"{file} is there already: name another file, or add --force")


async def _in_force(settings: Settings) -> LearningPolicy:
    found = {each.hash: each for each in await policies_in_force(settings)}
    if len(found) > 1:
        raise Failed(f"{len(found)} policies are in force, {', '.join(found)}: name one with --policy FILE")
    return next((LearningPolicy.model_validate(each.policy) for each in found.values()), LearningPolicy())


async def _heard(settings: Settings) -> Evidence:
    evidence = Evidence()
    with bar("read") as progress:
        tell = Tell(progress.begin, progress.tell)
        await hear_log(settings, pure(LEARNING.name), lambda _: evidence.hear, tell)
    return evidence


@overload
def read_policy(file: Path) -> LearningPolicy: ...
@overload
def read_policy(file: Path, model: type[BaseModel]) -> BaseModel: ...
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
    """One for each partition, also where nothing has been decided yet."""
    models = {each.partition: each.model for each in await policies_in_force(settings, topics)}
    usual = next(iter(models.values()), settings.of(topics.name).embedding_model)
    now = SystemClock().now()
    return [
        to_partition(
            PolicyAdopted(
                partition=partition,
                policy=content(policy),
                embedding_model=models.get(partition, usual),
                adopted_by=adopted_by,
            ),
            now,
        )
        for partition in range(await partitions_of(settings, topics.log))
    ]
