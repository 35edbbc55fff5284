"""The client stands alone: it needs what its own pyproject.toml names, and nothing of relearn."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
OF_PYDANTIC = {"pydantic_core"}
"""What pydantic itself is made of, and always brings along."""


PACKAGE = CLIENT / "relearn_client"
HTTP = PACKAGE / "http"
"""What needs the extra of this name."""


def imported(files: Iterable[Path]) -> set[str]:
    """What these import from elsewhere."""
    return set(_imported(files)) - sys.stdlib_module_names - {"relearn_client"} - OF_PYDANTIC


def _imported(files: Iterable[Path]) -> Iterator[str]:
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def named(dependencies: Iterable[str]) -> set[str]:
    return {re.split(r"[^a-z_]", each)[0] for each in dependencies}


def test_it_imports_what_it_names_and_nothing_else() -> None:
    assert named(PROJECT["dependencies"]) == {"aiokafka", "pydantic"} == imported(PACKAGE.glob("*.py"))


def test_what_speaks_http_needs_its_extra_beside() -> None:
    extra = named(PROJECT["optional-dependencies"]["http"])
    assert imported(HTTP.rglob("*.py")) == extra | {"pydantic"}


def test_who_lacks_the_extra_is_told_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("relearn_client.http")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tenacity", None)
    with pytest.raises(ModuleNotFoundError, match=r"install relearn-client\[http\]"):
        importlib.import_module("relearn_client.http")


def test_it_is_typed_and_named() -> None:
    assert (CLIENT / "relearn_client" / "py.typed").exists()
    assert (PROJECT["name"], PROJECT["requires-python"]) == ("relearn-client", ">=3.11")
