"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Shop = Annotated[int, typer.Option("--shop", min=1, help="The shop's id.")]
AnyShop = Annotated[
    int | None, typer.Option("--shop", min=1, help="The shop's id; without it, all shops together.")
]
Reviewer = Annotated[
    UUID, typer.Option("--reviewer", envvar="RELEARN_REVIEWER", help="Who decides, a UUID.", show_envvar=True)
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the effect is visible.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait at most.")]
Folder = Annotated[Path, typer.Option("--dir", help="Where the tree keeps its data.")]
Domains = Annotated[list[str] | None, typer.Option("--domain", help="Only this domain; may be repeated.")]
OneDomain = Annotated[str, typer.Option("--domain", help="Which domain.")]
HealthPort = Annotated[
    int | None,
    typer.Option(
        "--health-port",
        envvar="RELEARN_HEALTH_PORT",
        min=0,
        max=65535,
        help="Where /health and /metrics are served; 0: any free port.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it; without it, who is logged in.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
