"""Every outcome has its handler, its audit fields and statements whose parameters are its rows' columns."""

from __future__ import annotations

import aiosql
import pytest

from projections.change import Statement
from projections.learning import audit, conversations, events, item_rows, knowledge, retention
from projections.learning.audit import TOLD
from projections.learning.projection import HANDLERS, PROJECTION
from schemas.learning import OUTCOMES
from schemas.outcome import Outcome

QUERIES = aiosql.from_path(PROJECTION.sql, "asyncpg")
MODULES = (audit, conversations, events, item_rows, knowledge)
STATEMENTS = {
    *(value for module in MODULES for value in vars(module).values() if isinstance(value, Statement)),
    *retention.FORGET,
}


def test_every_outcome_is_handled() -> None:
    assert set(HANDLERS) == set(OUTCOMES)


def test_every_outcome_says_what_it_tells_the_audit() -> None:
    assert set(TOLD) == set(OUTCOMES)


@pytest.mark.parametrize("kind", OUTCOMES, ids=lambda kind: kind.__name__)
def test_the_audit_tells_fields_that_there_are_and_no_words(kind: type[Outcome]) -> None:
    assert set(TOLD[kind]) <= set(kind.model_fields)
    assert not {"words", "parts", "category", "policy"} & set(TOLD[kind])


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_a_row_has_its_statements_parameters(statement: Statement) -> None:
    assert list(statement.row._fields) == getattr(QUERIES, statement.name).parameters  # type: ignore[attr-defined]


def test_no_statement_is_left_over() -> None:
    named = {name for name in QUERIES.available_queries if not name.endswith("_cursor")}
    assert named == {statement.name for statement in STATEMENTS}
