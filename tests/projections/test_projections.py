"""Every outcome has its handler, its audit fields and statements whose parameters are its rows' columns."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

import aiosql
import pytest

from projections.audit import Told
from projections.change import Statement
from projections.executions import audit as executions_audit
from projections.executions import rows
from projections.executions.projection import PROJECTION as EXECUTIONS
from projections.learning import audit as learning_audit
from projections.learning import conversations, erasure, events, item_rows, knowledge, retention
from projections.learning.projection import PROJECTION as LEARNING
from projections.projection import Projection
from schemas.documents import OUTCOMES_OF
from schemas.outcome import Outcome


class Shown(NamedTuple):
    projection: Projection
    told: Told
    modules: tuple[ModuleType, ...]

    @property
    def statements(self) -> Iterator[Statement]:
        for module in self.modules:
            for value in vars(module).values():
                yield from (
                    each for each in (value if isinstance(value, tuple) else (value,)) if is_statement(each)
                )


def is_statement(value: object) -> bool:
    return isinstance(value, Statement)


SHOWN = (
    Shown(
        LEARNING,
        learning_audit.TOLD,
        (learning_audit, conversations, erasure, events, item_rows, knowledge, retention),
    ),
    Shown(EXECUTIONS, executions_audit.TOLD, (executions_audit, rows)),
)
EACH = pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.projection.name)


@EACH
def test_every_outcome_is_handled(shown: Shown) -> None:
    assert set(shown.projection.handlers) == set(OUTCOMES_OF[shown.projection.name])


@EACH
def test_every_outcome_says_what_it_tells_the_audit(shown: Shown) -> None:
    assert set(shown.told) == set(OUTCOMES_OF[shown.projection.name])


@pytest.mark.parametrize(
    ("told", "kind"),
    [(shown.told, kind) for shown in SHOWN for kind in OUTCOMES_OF[shown.projection.name]],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_audit_tells_fields_that_there_are_and_no_words(told: Told, kind: type[Outcome]) -> None:
    assert set(told[kind]) <= set(kind.model_fields)
    assert not {"words", "parts", "category", "policy", "routed", "completed"} & set(told[kind])


@EACH
def test_a_row_has_its_statements_parameters(shown: Shown) -> None:
    queries = aiosql.from_path(shown.projection.sql, "asyncpg")
    for statement in shown.statements:
        columns = list(statement.row._fields)  # type: ignore[attr-defined]
        assert columns == getattr(queries, statement.name).parameters, statement.name


@EACH
def test_no_statement_is_left_over(shown: Shown) -> None:
    queries = aiosql.from_path(shown.projection.sql, "asyncpg")
    named = {name for name in queries.available_queries if not name.endswith("_cursor")}
    assert named == {statement.name for statement in shown.statements}
