"""Writes a policy as TOML, which the standard library can only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def to_toml(data: Mapping[str, Any]) -> str:
    """A mapping of scalars, lists and mappings of such. A value of None is left out as a remark."""
    return "\n".join(_table(data)) + "\n"


def _table(data: Mapping[str, Any], prefix: str = "") -> list[str]:
    plain = [_line(key, value) for key, value in data.items() if not isinstance(value, Mapping)]
    for key, value in data.items():
        if isinstance(value, Mapping):
            plain += ["", f"[{prefix}{key}]", *_table(value, f"{prefix}{key}.")]
    return plain


def _line(key: str, value: Any) -> str:
    if value is None:
        return f"# {key} is not set"
    # JSON's strings, numbers, booleans and lists are TOML's too.
    return f"{key} = {orjson.dumps(value).decode()}"
