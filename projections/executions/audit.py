"""Who is behind what is decided about executions, and what the audit tells of it."""

from __future__ import annotations

from projections.audit import GENERAL, POLICY, Told, auditing, field
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


def actor(log: Logged, outcome: Outcome) -> str | None:
    """The person who gave feedback or adopted a policy, else the sender; the policy where only time has passed."""
    event = log.record.event
    if isinstance(outcome, out.ExecutionAbandoned | out.TaskForgotten):
        return POLICY
    if event is None:
        return POLICY if isinstance(outcome, PolicyAdopted) else None
    person: str | None = field(event.data, "by") or field(event.data, "adopted_by")
    return person or event.source


audit = auditing(TOLD, actor)
"""The row of the outcome with an index in its record."""
