"""`relearn env`: how to reach the running tree."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from cli.folder import environment
from cli.options import Folder, Json
from cli.screen import print_json

app = typer.Typer(add_completion=False)


@app.command(epilog='Example: eval "$(relearn env)" && psql "$RELEARN_DATABASE_URL"')
def env(folder: Folder = Path(".relearn"), as_json: Json = False) -> None:
    """Print the settings of the running tree as export lines."""
    found = environment(folder)
    if as_json:
        print_json(found)
        return
    for name, value in sorted(found.items()):
        typer.echo(f"export {name}={shlex.quote(value)}")
