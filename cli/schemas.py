"""`relearn schemas`: the JSON Schemas and the AsyncAPI document, generated from the models."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Annotated, Any

import orjson
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
Since = Annotated[
    str | None,
    typer.Option("--since", help="A git commit: what was published there must still be read, too."),
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


@app.command(epilog="Example: relearn schemas check --since HEAD")
def check(
    folder: Docs = Path("docs"),
    client: Client = Path("client"),
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Check that the documents say what the models do, the client's too, and that no change breaks readers."""
    before = {} if since is None else published_at(since, folder)
    # Only right documents can say what the client's models should be.
    wrong = documents.check(folder, before) or client_models.check(folder / "schemas", client)
    if as_json:
        print_json({"wrong": wrong})
    if wrong:
        raise Failed("; ".join(wrong))
    if not as_json:
        typer.echo("the documents say what the models do")


def published_at(commit: str, folder: Path) -> dict[str, Any]:
    """The schemas that stood in this folder at a commit, by name.

    Raises:
        Failed: in git's words, if it has no such commit or folder.
    """
    asked = ["git", "archive", "--format=tar", "--end-of-options", commit, "schemas"]
    try:
        done = subprocess.run(asked, cwd=folder, capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()
        raise Failed(f"what was published at {commit} cannot be read: {said}") from error
    except OSError as error:
        raise Failed(f"what was published at {commit} cannot be read: {error}") from error
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        files = [member for member in archive if member.name.endswith(".json")]
        return {
            Path(member.name).stem: orjson.loads(content.read())
            for member in files
            if (content := archive.extractfile(member)) is not None
        }
