"""The OpenAPI document is true: what a machine makes of it is answered as it says."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.api.served import served
from tests.cli.replayed import Replayed
from tests.faults.parts import ROOT

NAMED = 1
"""The shop that schemathesis names first: the least number that one may have."""

HERE = Path(__file__).parent

EXAMPLES = 12
"""Requests of chance to each operation, beside those that systematically leave its bounds."""

NOT_ASKED = ("unsupported_method", "use_after_free", "ensure_resource_availability")
"""Checks of things that our document does not speak of."""


OF_NO_SHOP = "^/api/(policy|tasks)/"
"""What takes a key of all shops."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("shops", "chosen"),
    [((NAMED,), f"--exclude-path-regex={OF_NO_SHOP}"), ((), f"--include-path-regex={OF_NO_SHOP}")],
    ids=["of a shop", "of none"],
)
async def test_answers_are_as_they_are_declared(
    replayed: Replayed, tmp_path: Path, shops: tuple[int, ...], chosen: str
) -> None:
    with served(replayed.settings, api_rate="1000000/second") as api:
        # Bound to one shop: what a shop has to be named for goes without saying.
        caller = api.caller("admin", *shops)
        words = [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"{api.url}/api/openapi.json",
            f"--header=Authorization:{caller.headers['authorization']}",
            "--header=Prefer:wait=0",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            f"--exclude-checks={','.join(NOT_ASKED)}",
            "--exclude-path=/api/stream",
            chosen,
            "--generation-deterministic",
            "--generation-allow-x00=false",
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--no-color",
            "--warnings=off",
        ]
        env = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
            "PYTHONPATH": str(ROOT),
        }
        child = await asyncio.create_subprocess_exec(
            *words, cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await child.communicate()
    assert child.returncode == 0, said.decode()
