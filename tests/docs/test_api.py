"""The page about the API names every route, and each of its examples does what it says."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from api.app import app_of
from cli.tree import Layout, grown
from cli.up import until_ready
from runtime.clock import SystemClock

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text()
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEXT = "---- the next example"
SECONDS = 200

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER = re.compile(r"\d+(\.\d+)?")


def examples() -> list[tuple[str, str]]:
    """Every example with what the page says it answers; '' where it says nothing."""
    found: list[tuple[str, str]] = []
    for kind, words in BLOCK.findall(TEXT):
        if kind == "sh":
            found.append((words, ""))
        else:
            found[-1] = found[-1][0], words
    return found


def test_every_route_is_named() -> None:
    nobody: Any = SimpleNamespace(doorkeeper=None, limits=None, clock=None, meters=None)
    routes = {path.removeprefix("/api/") for path in app_of(nobody).openapi()["paths"]}
    named = {words.partition("?")[0].removeprefix("/api/") for words in re.findall(r"`([^`\s]+)`", TEXT)}
    assert len(routes) > 35
    assert routes - named == set()


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_every_example_answers_as_the_page_says(folder: Path) -> None:
    async with grown(Layout(folder / ".relearn"), SystemClock(), print) as tree:
        await until_ready(tree)
        answers = await run([words for words, _ in examples()], folder)
    for (words, said), answer in zip(examples(), answers, strict=True):
        if said:
            assert fits(said, answer), f"{words}\nanswered\n{answer}\nand not\n{said}"


async def run(scripts: Sequence[str], folder: Path) -> list[str]:
    """What each of these prints, run in one shell one after the other."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = f"echo '{NEXT}'\n".join(scripts)
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=folder, env=env, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await shell.communicate()
    told = said.decode().split(f"{NEXT}\n")
    assert shell.returncode == 0, f"ended with {shell.returncode} in {scripts[len(told) - 1]}{told[-1]}"
    return told


def fits(said: str, answer: str) -> bool:
    """Whether the answer has the shape of what the page shows, whatever ids and numbers it has; `…` is anything."""
    try:
        return has(orjson.loads(said), orjson.loads(answer))
    except orjson.JSONDecodeError:
        pattern = ".*".join(re.escape(part) for part in bare(said).split("…"))
        return re.fullmatch(pattern, bare(answer), re.DOTALL) is not None


def has(said: Any, answer: Any) -> bool:
    """Whether all that is said stands in the answer."""
    match said:
        case dict():
            return isinstance(answer, dict) and all(
                name == "…" or (name in answer and has(each, answer[name])) for name, each in said.items()
            )
        case list():
            return isinstance(answer, list) and all(
                each == "…" or any(has(each, other) for other in answer) for each in said
            )
        case str():
            return isinstance(answer, str) and fits_text(said, answer)
        case bool() | None:
            return bool(said is answer)
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def fits_text(said: str, answer: str) -> bool:
    """The same of one text."""
    return (
        re.fullmatch(".*".join(re.escape(part) for part in bare(said).split("…")), bare(answer)) is not None
    )


def bare(text: str) -> str:
    """Without what is another at every run, and without differences of layout."""
    return " ".join(NUMBER.sub("0", UUID.sub("ID", text)).split())
