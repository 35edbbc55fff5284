"""Calls as they were sent before their questions had a field of their own, and what became of them then.

The files beside this one were written by the last release that knew v1 alone: its log of these inputs, the state that
it folded from that, and its tables. They are not to be written again.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from projections.writer import Entry
from schemas.record import Record
from schemas.vector import Vector
from streams.learning.decider import Learning
from streams.partition import Machine
from tests.faults.line import CODEC, Line, Sent
from tests.projections.learning_log import DIMENSIONS, MODEL
from tests.streams.enrichment.inputs import LetterCounts, home
from tests.streams.learning.story import content

V1, V2 = "relearn.call.transcribed.v1", "relearn.call.transcribed.v2"
HERE = Path(__file__).parent
LOG = HERE / "calls_v1.log.jsonl"
STATE = HERE / "calls_v1.state.json"
TABLES = HERE / "calls_v1.tables.json"
HOME = home(7)


class AsWideAsTheTables(LetterCounts):
    """Letters counted, in vectors of the tables' width."""

    model = MODEL

    @staticmethod
    def vector(text: str) -> Vector:
        return np.resize(LetterCounts.vector(text), DIMENSIONS) / np.float32(np.sqrt(DIMENSIONS / 8))


def decided(sent: list[Sent]) -> Line:
    """These inputs in a partition of their own, from their bytes to statements."""
    line = Line(HOME, AsWideAsTheTables())
    for each in sent:
        line.send(each)
    return line


def golden_log() -> list[Entry]:
    """The log as it was written before."""
    return [Entry(offset, value) for offset, value in enumerate(LOG.read_bytes().splitlines())]


def golden_inputs() -> list[Sent]:
    """The inputs of that log, byte for byte."""
    records = [CODEC.decode(entry.value) for entry in golden_log()]
    return [Sent(record.raw, record.input.topic) for record in records if record.input is not None]


def folded(records: list[Record]) -> dict[str, Any]:
    """The state that these records give, as JSON; of vectors their hashes."""
    machine = Machine(Learning())
    state = machine.new(HOME)
    for record in records:
        machine.fold(state, record)
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS
    told: dict[str, Any] = orjson.loads(
        orjson.dumps(dict(zip(("standing", "inputs", "shops"), content(state), strict=True)), _told, options)
    )
    return told


def _told(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return sha256(value.tobytes()).hexdigest()[:16]
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)


def without_vectors(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows without their vectors, which the log holds."""
    return {
        table: [{name: value for name, value in row.items() if "embedding" not in name} for row in rows]
        for table, rows in tables.items()
    }


def known_before(now: Any, before: Any) -> Any:
    """What is there now, but for fields and columns that later releases added."""
    if isinstance(now, dict) and isinstance(before, dict):
        return {name: known_before(now.get(name), value) for name, value in before.items()}
    if isinstance(now, list) and isinstance(before, list) and len(now) == len(before):
        return [known_before(*pair) for pair in zip(now, before, strict=True)]
    return now
