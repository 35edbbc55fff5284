"""What can go wrong between a log and its tables, each kind with what follows from it."""

from __future__ import annotations

from typing import Any

import asyncpg

RECORD_CLASSES = frozenset({"21", "22", "23", "42", "44", "54", "P0"})
"""SQLSTATE classes by which the database refuses the rows, or the statement, rather than being unable to work.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

DATABASE_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever asyncpg raises. The last one comes of a connection that breaks while something else is done with it."""

CLIENT_REFUSALS = (asyncpg.InterfaceError, ValueError)
"""asyncpg's own refusal of a value that it cannot write is both of these."""


class StalePosition(Exception):
    """Another projector was faster; nothing was written. Read the position and go on from there."""

    def __init__(self, topic: str, partition: int, expected: int, found: int) -> None:
        super().__init__(f"{topic}[{partition}] is shown up to {found}, not {expected}")
        self.topic, self.partition, self.expected, self.found = topic, partition, expected, found


class RecordRefused(Exception):
    """A record cannot be applied; its partition stops there until it can."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(f"{topic}[{partition}] {offset} cannot be applied: {reason}")
        self.topic, self.partition, self.offset, self.reason = topic, partition, offset, reason

    def __reduce__(self) -> tuple[Any, ...]:
        """As another process is told of it."""
        return type(self), (self.topic, self.partition, self.offset, self.reason), self.__dict__


class LogRefused(Exception):
    """This log and this schema or topic do not belong together. The sentence says why."""


def refuses_the_record(error: BaseException) -> bool:
    """Whether an error is about the rows and would come again; else it is about the connection or the server."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in RECORD_CLASSES
    return all(isinstance(error, kind) for kind in CLIENT_REFUSALS)


def is_passing(error: BaseException) -> bool:
    """Whether trying again may help: the database was not there, or did not want to just now."""
    if isinstance(error, DATABASE_FAILURES):
        return not refuses_the_record(error)
    return isinstance(error, OSError)


def reason_of(error: BaseException) -> str:
    """One line without the rows' own words, which PostgreSQL puts into DETAIL."""
    if isinstance(error, asyncpg.PostgresError):
        where = error.constraint_name or error.column_name or error.table_name
        return f"{error.sqlstate} {error.args[0]}" + (f" ({where})" if where else "")
    return f"{type(error).__name__}: {error}".splitlines()[0]
