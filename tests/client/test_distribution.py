"""The client stands alone: it needs what its own pyproject.toml names, and nothing of relearn."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
OF_PYDANTIC = {"pydantic_core"}
"""What pydantic itself is made of, and always brings along."""


def imported() -> Iterator[str]:
    for path in (CLIENT / "relearn_client").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def test_it_imports_what_it_names_and_nothing_else() -> None:
    named = {re.split(r"[^a-z_]", each)[0] for each in PROJECT["dependencies"]}
    assert named == {"aiokafka", "pydantic"}
    assert set(imported()) - sys.stdlib_module_names == named | {"relearn_client"} | OF_PYDANTIC


def test_it_is_typed_and_named() -> None:
    assert (CLIENT / "relearn_client" / "py.typed").exists()
    assert (PROJECT["name"], PROJECT["requires-python"]) == ("relearn-client", ">=3.11")
