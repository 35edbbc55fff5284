"""The numbers that domains decide by. A policy is named by the hash of its content."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Confidence = Annotated[int, Field(ge=1, le=99)]
Percent = Annotated[int, Field(ge=0, le=100)]
Knots = tuple[tuple[int, int], ...]
"""Points (confidence by the formula, calibrated confidence) of a line, in percent."""


def _ascending(knots: Knots) -> Knots:
    for (x, y), (next_x, next_y) in pairwise(knots):
        if next_x <= x or next_y < y:
            raise ValueError(
                f"{[next_x, next_y]} cannot follow {[x, y]}: the first number must grow, the second never fall"
            )
    return knots


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseConfidence(Section):
    """What one source is worth by itself, in percent."""

    feedback: Confidence = 50
    correction_low: Confidence = 70
    correction_normal: Confidence = 80
    correction_high: Confidence = 90
    correction_urgent: Confidence = 95
    call: Confidence = 45
    conversation: Confidence = 60
    proposal: Confidence = 80


class Phrases(Section):
    """Words of the shops' language, lower case."""

    does_not_know: tuple[str, ...] = (
        "i don't know",
        "i do not know",
        "i'm not sure",
        "i am not sure",
        "i don't have that information",
        "i don't have information",
        "i do not have information",
        "i can't find",
        "i cannot find",
        "i'm unable to answer",
        "let me connect you",
    )
    question_words: tuple[str, ...] = (
        *("what", "when", "where", "which", "who", "whose", "why", "how"),
        *("can", "could", "do", "does", "did", "is", "are", "will", "would", "should", "may"),
    )
    negations: tuple[str, ...] = (
        *("no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"),
        *("unable", "except"),
    )


class Experiments(Section):
    """How A/B variants are compared: one test, at a sample size fixed beforehand."""

    sample_size: Annotated[int, Field(ge=10)] = 500
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05


class Retention(Section):
    """How long words are kept, in days; none keeps them for ever."""

    days: Annotated[int, Field(ge=1)] | None = None


class TwoPairsOfEyes(Section):
    """What nobody can bring into the knowledge base alone."""

    urgent_corrections: bool = False
    imports: bool = False


class LearningPolicy(Section):
    """Everything that the learning decider's judgement depends on."""

    kind: Literal["learning"] = "learning"
    similarity_threshold: Annotated[float, Field(gt=0, le=1)] = 0.85
    base_confidence: BaseConfidence = BaseConfidence()
    auto_approve_at: Annotated[int, Field(ge=1, le=99)] | None = None
    urgent_sources: tuple[str, ...] = ("*",)
    """Shell patterns of the CloudEvents sources whose urgent corrections are applied at once."""
    assignment_minutes: Annotated[int, Field(ge=1)] = 30
    citation_days: Annotated[int, Field(ge=1)] = 30
    phrases: Phrases = Phrases()
    experiments: Experiments = Experiments()
    retention: Retention = Retention()
    calibration: Annotated[tuple[tuple[Percent, Percent], ...], AfterValidator(_ascending)] = Field(
        default=(), exclude_if=lambda knots: not knots
    )
    """What a combined confidence is worth, as reviewers' verdicts say; without knots it stands as it is.

    A policy without knots has the content, and so the hash, that it had before there were any.
    """
    two_pairs_of_eyes: TwoPairsOfEyes = Field(
        default=TwoPairsOfEyes(), exclude_if=lambda wanted: wanted == TwoPairsOfEyes()
    )
    """Where one person's word is not enough. Asking for nothing keeps the hash, as above."""


class ExecutionsPolicy(Section):
    """Everything that the executions decider's judgement depends on, and what is derived from its log."""

    kind: Literal["executions"] = "executions"
    wait_hours: Annotated[int, Field(ge=1)] = 24
    """How long a task's other half is waited for."""
    closed_a_tick: Annotated[int, Field(ge=1)] = 500
    """How many tasks one tick gives up waiting for, at most."""
    closed_days: Annotated[int, Field(ge=1)] = 7
    """How long the ids of closed tasks are known."""
    similarity_threshold: Annotated[float, Field(gt=0, le=1)] = 0.85
    """From here on two summaries are one solution."""
    retention: Retention = Retention(days=90)


def content(policy: BaseModel) -> dict[str, Any]:
    """The policy as plain JSON values, complete with defaults."""
    return policy.model_dump(mode="json")


def policy_hash(policy: BaseModel) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the policy's canonical JSON."""
    canonical = orjson.dumps(content(policy), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()[:16]
