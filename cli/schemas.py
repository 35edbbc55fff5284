"""`relearn schemas`: the JSON Schemas and the AsyncAPI document, generated from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.failure import Failed
from cli.options import Json
from cli.screen import print_json
from schemas import client_models, documents

app = typer.Typer(no_args_is_help=True, add_completion=False)

Docs = Annotated[Path, typer.Option("--dir", help="The folder of the documents.")]
Client = Annotated[
    Path, typer.Option("--client", help="The folder of the client, whose models come from them.")
]


@app.callback()
def schemas() -> None:
    """Write or check the generated schemas."""


@app.command(epilog="Example: relearn schemas write")
def write(folder: Docs = Path("docs"), client: Client = Path("client"), as_json: Json = False) -> None:
    """Write the documents, and the client's models; refused if what is published could no longer be read."""
    paths = documents.write(folder) + client_models.write(folder / "schemas", client)
    changed = [str(path) for path in paths]
    if as_json:
        print_json({"changed": changed})
    else:
        typer.echo("\n".join(changed) or "nothing has changed")


@app.command(epilog="Example: relearn schemas check")
def check(folder: Docs = Path("docs"), client: Client = Path("client"), as_json: Json = False) -> None:
    """Check that the documents say what the models do, the client's too, and that no change breaks readers."""
    # Only right documents can say what the client's models should be.
    wrong = documents.check(folder) or client_models.check(folder / "schemas", client)
    if as_json:
        print_json({"wrong": wrong})
    if wrong:
        raise Failed("; ".join(wrong))
    if not as_json:
        typer.echo("the documents say what the models do")
