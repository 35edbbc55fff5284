"""A version that is gone, leads nowhere or has no examples is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from schemas.call import CallTranscribed, CallTranscribedV1
from schemas.event import EventData
from schemas.topics import DOMAINS
from schemas.upcasting import UPCASTERS, Upcaster
from schemas.versions import missing

V1, V2, V3 = (f"relearn.call.transcribed.v{number}" for number in (1, 2, 3))


class Third(EventData):
    TYPE: ClassVar[str] = V3


BOTH = {V1: CallTranscribedV1, V2: CallTranscribed}
STEP = UPCASTERS[CallTranscribedV1]
NO_EXAMPLES = f"{V3}: the version has no examples"


def to(kind: type[EventData]) -> Upcaster:
    return Upcaster(kind, dict)


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_nothing_is_missing(domain: Any) -> None:
    assert missing(domain.types) == []


@pytest.mark.parametrize(
    ("types", "steps", "said"),
    [
        ({V2: CallTranscribed}, {}, [f"{V1}: the version is missing, though there is {V2}"]),
        (BOTH, {}, [f"{V1}: no upcaster leads to {V2}"]),
        (
            BOTH | {V3: Third},
            {CallTranscribedV1: STEP},
            [f"{V2}: no upcaster leads to {V3}", NO_EXAMPLES],
        ),
        (
            BOTH | {V3: Third},
            {CallTranscribedV1: to(Third), CallTranscribed: to(Third)},
            [f"{V1}: its upcaster leads to {V3}, not to {V2}", NO_EXAMPLES],
        ),
        (BOTH | {V3: Third}, {CallTranscribedV1: STEP, CallTranscribed: to(Third)}, [NO_EXAMPLES]),
    ],
)
def test_what_is_missing_is_said(
    types: Mapping[str, type[EventData]], steps: Mapping[type[EventData], Upcaster], said: list[str]
) -> None:
    assert missing(types, steps) == said
