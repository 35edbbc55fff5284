"""From older versions of a type to its newest: whatever was sent once is read for ever, and decided the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.call import CallTranscribed, CallTranscribedV1
from schemas.event import EventData

Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upcaster:
    """One step. `up` makes of the data of one version that of the next, whose model is `into`.

    It is pure. It is given all fields of a valid event, missing ones with their defaults, and all that it makes of
    such is valid: an event that was accepted once cannot be refused later.
    """

    into: type[EventData]
    up: Callable[[Said], Said]


def lifted_from_insights(call: Said) -> Said:
    """Question and suggested answer leave the insights, where version 1 was decided by them.

    There, nothing was the same as null.
    """
    insights = {name: said for name, said in call["learning_insights"].items() if said is not None}
    lifted = {name: insights.pop(name, None) for name in ("question", "suggested_answer")}
    return {**call, **lifted, "learning_insights": insights}


UPCASTERS: Mapping[type[EventData], Upcaster] = {
    CallTranscribedV1: Upcaster(CallTranscribed, lifted_from_insights),
}
"""The step from each version that has been superseded."""


def upcast(data: EventData, upcasters: Mapping[type[EventData], Upcaster] = UPCASTERS) -> EventData:
    """The data in its type's newest version; itself, if it is that already."""
    while (step := upcasters.get(type(data))) is not None:
        data = step.into.model_validate(step.up(data.model_dump()))
    return data
