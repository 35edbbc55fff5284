"""The OpenAPI document is true: what a machine makes of it is answered as it says."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.api.operations import everything
from tests.api.served import served
from tests.cli.replayed import Replayed

EXAMPLES = 12
"""Requests of chance to each operation, beside those that systematically leave its bounds."""

NOT_ASKED = ("unsupported_method", "use_after_free", "ensure_resource_availability")
"""Checks of things that our document does not speak of."""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_answers_are_as_they_are_declared(replayed: Replayed, tmp_path: Path) -> None:
    with served(replayed.settings, api_rate="1000000/second") as api:
        admin = api.caller("admin")
        streams = [each.path for each in everything(admin) if each.path.endswith("/stream")]
        words = [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{api.url}/api/openapi.json",
            f"--header=Authorization:{admin.headers['authorization']}",
            "--header=Prefer:wait=0",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            f"--exclude-checks={','.join(NOT_ASKED)}",
            *(f"--exclude-path={path}" for path in streams),
            "--generation-deterministic",
            "--generation-allow-x00=false",
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--no-color",
            "--warnings=off",
        ]
        child = await asyncio.create_subprocess_exec(
            *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await child.communicate()
    assert child.returncode == 0, said.decode()
