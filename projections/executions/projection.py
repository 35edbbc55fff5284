"""The executions projection: which outcome is shown by which handler."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from projections.executions import rows
from projections.executions.audit import audit
from projections.projection import GENERAL, Handler, Logged, Monthly, Projection, nothing
from schemas import execution as out
from schemas.outcome import Outcome, RetentionAdvanced
from schemas.record import RecordCodec
from schemas.topics import EXECUTIONS

HANDLERS: Mapping[type[Outcome], Handler] = {
    **GENERAL,
    RetentionAdvanced: rows.retention,
    out.RoutingKept: nothing,
    out.StartKept: nothing,
    out.CompletionKept: nothing,
    out.TaskFeedbackStored: rows.feedback,
    out.TaskRefused: nothing,
    out.ExecutionRecorded: rows.closed,
    out.ExecutionAbandoned: rows.closed,
    out.TaskForgotten: nothing,
}


def ended_at(log: Logged, outcome: out.ExecutionClosed) -> datetime:
    """The row's own time: the record may be that of a tick."""
    return outcome.timestamp


PROJECTION = Projection(
    name=EXECUTIONS.name,
    log=EXECUTIONS.log.name,
    codec=RecordCodec(EXECUTIONS.types, out.OUTCOMES),
    handlers=HANDLERS,
    audit=audit,
    sql=Path(__file__).with_name("sql"),
    months={
        out.ExecutionRecorded: Monthly("executions", ended_at),
        out.ExecutionAbandoned: Monthly("executions", ended_at),
    },
    loaded_after="0007_performance",
    derived=("solutions", "solutions_derived", "quality_policies"),
)
