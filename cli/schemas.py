"""`relearn schemas`: the JSON Schemas and the AsyncAPI document, generated from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.failure import Failed
from cli.options import Json
from cli.screen import print_json
from schemas import documents

app = typer.Typer(no_args_is_help=True, add_completion=False)

Docs = Annotated[Path, typer.Option("--dir", help="The folder of the documents.")]


@app.callback()
def schemas() -> None:
    """Write or check the generated schemas."""


@app.command(epilog="Example: relearn schemas write")
def write(folder: Docs = Path("docs"), as_json: Json = False) -> None:
    """Write the documents; refused if what is published could no longer be read."""
    changed = [str(path) for path in documents.write(folder)]
    if as_json:
        print_json({"changed": changed})
    else:
        typer.echo("\n".join(changed) or "nothing has changed")


@app.command(epilog="Example: relearn schemas check")
def check(folder: Docs = Path("docs"), as_json: Json = False) -> None:
    """Check that the documents say what the models do, and that no change breaks readers."""
    wrong = documents.check(folder)
    if as_json:
        print_json({"wrong": wrong})
    if wrong:
        raise Failed("; ".join(wrong))
    if not as_json:
        typer.echo("the documents say what the models do")
