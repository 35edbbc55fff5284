"""Who is behind what is decided about executions, and what the audit tells of it."""

from __future__ import annotations

from projections.audit import GENERAL, POLICY, AuditRow, Told, audit_row, field
from projections.change import Change, Statement
from projections.projection import Logged
from schemas import execution as out
from schemas.outcome import Outcome, PolicyAdopted

TOLD: Told = {
    **GENERAL,
    out.RoutingKept: (),
    out.StartKept: (),
    out.CompletionKept: (),
    out.TaskFeedbackStored: ("id",),
    out.TaskRefused: ("reason",),
    out.ExecutionRecorded: ("timestamp", "user_accepted", "user_rating"),
    out.ExecutionAbandoned: ("timestamp",),
    out.TaskForgotten: (),
}
"""What rows of this domain's outcomes tell."""

TIME_ONLY = (out.ExecutionAbandoned, out.TaskForgotten)
"""What nobody says: it is decided because time has passed."""

ADD = Statement("add_audit", AuditRow)


def actor(log: Logged, outcome: Outcome) -> str | None:
    """The person who gave feedback or adopted a policy, else the sender; the policy where only time has passed."""
    event = log.record.event
    if type(outcome) in TIME_ONLY:
        return POLICY
    if event is None:
        return POLICY if isinstance(outcome, PolicyAdopted) else None
    person: str | None = field(event.data, "by") or field(event.data, "adopted_by")
    return person or event.source


def audit(log: Logged, place: int, outcome: Outcome) -> Change:
    """The row of the outcome with this number in its record."""
    return Change(ADD, audit_row(log, place, outcome, TOLD, actor))
