"""Executing waves equals executing changes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.change import Change, Row, Statement, keep, replace
from projections.waves import waves

Tables = dict[str, list[str]]
"""Each entity's value, as the list of what happened to it."""


class OneRow(NamedTuple):
    entity: str
    value: str


class PairRow(NamedTuple):
    entity: str
    other: str


APPEND = Statement("append", OneRow)
ASSIGN = Statement("assign", OneRow, replace)
ADD = Statement("add", OneRow, keep)
EXTEND = Statement("extend", OneRow, lambda a, b: OneRow(a.entity, a.value + b.value))
COPY = Statement("copy", PairRow)
EXCHANGE = Statement("exchange", PairRow)


def execute(tables: Tables, statement: Statement, rows: Sequence[Row]) -> None:
    """As a database does: all rows see the tables as they were before the statement."""
    before = deepcopy(tables)
    for row in rows:
        match statement.name, row:
            case "append", OneRow(entity, value):
                tables[entity] = [*before.get(entity, []), value]
            case "assign", OneRow(entity, value):
                tables[entity] = [value]
            case "add", OneRow(entity, value):
                tables.setdefault(entity, [value])
            case "extend", OneRow(entity, value):
                tables[entity] = [*before.get(entity, []), *value]
            case "copy", PairRow(entity, other):
                tables[entity] = list(before.get(other, []))
            case "exchange", PairRow(entity, other):
                tables[entity], tables[other] = before.get(other, []), before.get(entity, [])


def one_by_one(changes: Iterable[Change]) -> Tables:
    tables: Tables = {}
    for change in changes:
        execute(tables, change.statement, [change.row])
    return tables


def in_waves(changes: Iterable[Change]) -> Tables:
    tables: Tables = {}
    for wave in waves(changes):
        execute(tables, wave.statement, wave.rows)
    return tables


entities = st.sampled_from("abcd")
values = st.sampled_from("0123456789")
single = st.builds(
    lambda statement, entity, value: Change(statement, OneRow(entity, value), ((entity,),)),
    st.sampled_from([APPEND, ASSIGN, ADD, EXTEND]),
    entities,
    values,
)
pairs = st.lists(entities, min_size=2, max_size=2, unique=True)
copies = pairs.map(lambda p: Change(COPY, PairRow(p[0], p[1]), ((p[0],),), ((p[1],),)))
exchanges = pairs.map(lambda p: Change(EXCHANGE, PairRow(p[0], p[1]), ((p[0],), (p[1],))))


@settings(max_examples=500, deadline=None)
@given(st.lists(single | copies | exchanges, max_size=30))
def test_waves_do_what_the_changes_do(changes: list[Change]) -> None:
    assert in_waves(changes) == one_by_one(changes)


@settings(max_examples=300, deadline=None)
@given(st.lists(single | copies | exchanges, max_size=30))
def test_no_wave_touches_an_entity_twice(changes: list[Change]) -> None:
    for wave in waves(changes):
        written = [entity for row in wave.rows for entity in (row if wave.statement is EXCHANGE else row[:1])]
        assert len(written) == len(set(written))


def test_changes_of_different_entities_share_a_wave() -> None:
    changes = [Change(APPEND, OneRow(str(n), "x"), ((n,),)) for n in range(100)]
    assert [len(wave.rows) for wave in waves(changes)] == [100]


def test_repeated_assignments_of_one_entity_are_one_row() -> None:
    changes = [Change(ASSIGN, OneRow("a", str(n)), (("a",),)) for n in range(100)]
    assert [wave.rows for wave in waves(changes)] == [[OneRow("a", "99")]]


def test_readers_share_a_wave_after_what_they_read() -> None:
    seen = Change(ADD, OneRow("a", "x"), (("a",),))
    changes = [
        c for n in range(50) for c in (seen, Change(COPY, PairRow(str(n), "a"), ((str(n),),), (("a",),)))
    ]
    assert [(wave.statement.name, len(wave.rows)) for wave in waves(changes)] == [("add", 1), ("copy", 50)]


def test_what_was_read_is_not_changed_afterwards() -> None:
    key_a, key_b = ("a",), ("b",)
    changes = [
        Change(ASSIGN, OneRow("a", "1"), (key_a,)),
        Change(COPY, PairRow("b", "a"), (key_b,), (key_a,)),
        Change(ASSIGN, OneRow("a", "2"), (key_a,)),
    ]
    assert in_waves(changes) == {"a": ["2"], "b": ["1"]}


def test_a_merged_row_still_comes_after_what_it_reads() -> None:
    read = Statement("copy", PairRow, replace)
    changes = [
        Change(read, PairRow("b", "a"), (("b",),), (("a",),)),
        Change(ASSIGN, OneRow("a", "1"), (("a",),)),
        Change(read, PairRow("b", "a"), (("b",),), (("a",),)),
    ]
    assert in_waves(changes) == {"a": ["1"], "b": ["1"]}
