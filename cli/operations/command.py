"""`relearn operations`: the dashboard and the alert rules, generated from what the parts tell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.failure import Failed
from cli.operations import files
from cli.options import Json
from cli.screen import print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Deploy = Annotated[Path, typer.Option("--dir", help="The folder of the deployment.")]


@app.callback()
def operations() -> None:
    """Write or check the dashboard and the alert rules."""


@app.command(epilog="Example: relearn operations write")
def write(folder: Deploy = Path("deploy"), as_json: Json = False) -> None:
    """Write the dashboard and the alert rules."""
    changed = [str(path) for path in files.write(folder)]
    if as_json:
        print_json({"changed": changed})
    else:
        typer.echo("\n".join(changed) or "nothing has changed")


@app.command(epilog="Example: relearn operations check")
def check(folder: Deploy = Path("deploy"), as_json: Json = False) -> None:
    """Check that dashboard and alert rules are those of this version."""
    wrong = files.check(folder)
    if as_json:
        print_json({"wrong": wrong})
    if wrong:
        raise Failed("; ".join(wrong) + ": run `relearn operations write`")
    if not as_json:
        typer.echo("dashboard and alert rules are those of this version")
