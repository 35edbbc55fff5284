"""Every topic, declared once: creation, validation, documents, authorisation and tests read this table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.call import CallTranscribed, CallTranscribedV1
from schemas.control import DeadLetterDiscarded, DeadLetterRetried, PolicyAdopted, RetentionAdvanced, Tick
from schemas.conversation import ConversationRecorded
from schemas.correction import ResponseCorrected
from schemas.event import EventData, version_of
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.response import ResponseServed
from schemas.review import (
    ApplyRequested,
    ItemApproved,
    ItemRejected,
    ItemsAssigned,
    ItemsReleased,
    KnowledgeEdited,
    KnowledgeRetracted,
    KnowledgeRolledBack,
    MergeReverted,
    SubjectErased,
)
from schemas.task import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted

DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = -1
MAX_INPUT_BYTES = 1024 * 1024
"""The largest event."""
MAX_RECORD_BYTES = 8 * 1024 * 1024
"""The largest record of a decision log, and so the largest enriched message."""

CONCERNING_ALL: tuple[type[EventData], ...] = (
    PolicyAdopted,
    RetentionAdvanced,
    DeadLetterRetried,
    DeadLetterDiscarded,
    Tick,
)
"""What every domain's control topic takes."""

Key = Literal["shop", "task", "knowledge", "input", "domain", "caller"]
Role = Literal[
    "service", "reviewer", "scheduler", "enricher", "decider", "projector", "api", "operator", "anyone"
]


@dataclass(frozen=True)
class Topic:
    """One topic. `types` are the events that may stand in it (inputs only)."""

    name: str
    key: Key
    about: str
    writers: tuple[Role, ...]
    readers: tuple[Role, ...]
    retention_ms: int
    max_bytes: int
    cleanup: Literal["delete", "compact"] = "delete"
    types: tuple[type[EventData], ...] = ()
    partitions: int | None = None
    """How many it always has; None: as many as the installation says."""

    @property
    def config(self) -> Mapping[str, str]:
        """The broker's settings for this topic."""
        told = {
            "cleanup.policy": self.cleanup,
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(self.max_bytes),
        }
        if self.cleanup == "delete":
            told |= {"retention.ms": str(self.retention_ms), "retention.bytes": "-1"}
        return told


@dataclass(frozen=True)
class DomainTopics:
    """The topics of one domain. All have the same number of partitions."""

    name: str
    inputs: tuple[Topic, ...]
    control: str
    """The input topic that carries what concerns whole partitions."""
    enriched: Topic
    log: Topic
    feeds: tuple[Topic, ...] = ()
    key: Key = "shop"
    types: Mapping[str, type[EventData]] = field(init=False)
    """By name: every version that is read."""
    newest: Mapping[str, type[EventData]] = field(init=False)
    """By name without version: the one as which each is read and written."""

    def __post_init__(self) -> None:
        types = {t.TYPE: t for topic in self.inputs for t in topic.types}
        object.__setattr__(self, "types", types)
        ascending = sorted(types, key=version_of)
        object.__setattr__(self, "newest", {version_of(name)[0]: types[name] for name in ascending})

    def __iter__(self) -> Iterator[Topic]:
        yield from (*self.inputs, self.enriched, self.log, *self.feeds)

    def input_of(self, event_type: str) -> Topic | None:
        """The topic in which this type of event belongs."""
        return next((t for t in self.inputs if event_type in {k.TYPE for k in t.types}), None)


def _input(
    name: str, key: Key, about: str, writers: tuple[Role, ...], types: tuple[type[EventData], ...]
) -> Topic:
    return Topic(name, key, about, writers, ("enricher",), 30 * DAY_MS, MAX_INPUT_BYTES, types=types)


LEARNING = DomainTopics(
    name="learning",
    inputs=(
        _input(
            "learning.events",
            "shop",
            "what services report",
            ("service", "api"),
            (
                ConversationRecorded,
                FeedbackGiven,
                ResponseCorrected,
                CallTranscribedV1,
                CallTranscribed,
                ResponseServed,
                KnowledgeProposed,
                KnowledgeImported,
            ),
        ),
        _input(
            "learning.reviews",
            "shop",
            "what people decide, and the scheduler on their behalf",
            ("reviewer", "scheduler", "api"),
            (
                ItemApproved,
                ItemRejected,
                ItemsAssigned,
                ItemsReleased,
                ApplyRequested,
                KnowledgeEdited,
                KnowledgeRetracted,
                KnowledgeRolledBack,
                MergeReverted,
                SubjectErased,
                *CONCERNING_ALL,
            ),
        ),
    ),
    control="learning.reviews",
    enriched=Topic(
        "learning.enriched",
        "shop",
        "inputs, validated and embedded",
        ("enricher",),
        ("decider",),
        7 * DAY_MS,
        MAX_RECORD_BYTES,
    ),
    log=Topic(
        "learning.decisions",
        "shop",
        "one record for every input: the input and all that was decided about it",
        ("decider",),
        ("decider", "projector", "anyone"),
        FOR_EVER,
        MAX_RECORD_BYTES,
    ),
    feeds=(
        Topic(
            "knowledge.live",
            "knowledge",
            "the current knowledge of every shop; a tombstone when it ends",
            ("decider",),
            ("anyone",),
            FOR_EVER,
            MAX_INPUT_BYTES,
            cleanup="compact",
        ),
    ),
)

EXECUTIONS = DomainTopics(
    name="executions",
    inputs=(
        _input(
            "tasks.events",
            "task",
            "what orchestrators report of tasks",
            ("service", "api"),
            (TaskRouted, TaskStarted, TaskCompleted, TaskFeedbackGiven),
        ),
        _input(
            "tasks.control",
            "task",
            "what concerns all tasks of a partition",
            ("reviewer", "scheduler", "api"),
            CONCERNING_ALL,
        ),
    ),
    control="tasks.control",
    enriched=Topic(
        "tasks.enriched",
        "task",
        "inputs, validated and embedded",
        ("enricher",),
        ("decider",),
        7 * DAY_MS,
        MAX_RECORD_BYTES,
    ),
    log=Topic(
        "executions.records",
        "task",
        "one record for every input: the input and all that was decided about it",
        ("decider",),
        ("decider", "projector", "anyone"),
        FOR_EVER,
        MAX_RECORD_BYTES,
    ),
    key="task",
)

DEAD_LETTERS = Topic(
    "dead-letters",
    "input",
    "inputs that can never be decided, with the reason",
    ("decider",),
    ("anyone",),
    30 * DAY_MS,
    MAX_RECORD_BYTES,
)

GENERATIONS = Topic(
    "generations",
    "domain",
    "which generation of each domain's log is the current one, and what its topics are called",
    ("operator",),
    ("anyone",),
    FOR_EVER,
    MAX_INPUT_BYTES,
    cleanup="compact",
    partitions=1,
)

KEYS = Topic(
    "keys",
    "caller",
    "who may call the API: access keys by their hashes, never their secrets",
    ("operator",),
    ("api", "operator"),
    FOR_EVER,
    MAX_INPUT_BYTES,
    cleanup="compact",
    partitions=1,
)

DOMAINS: Mapping[str, DomainTopics] = {domain.name: domain for domain in (LEARNING, EXECUTIONS)}


def input_for(event_type: str, domain: DomainTopics | None = None) -> Topic:
    """The topic in which events of this type belong; where several domains have one, that of the one named.

    Raises:
        LookupError: if there is none, or if several domains have one and none of them is named.
    """
    found = {
        each.name: topic for each in DOMAINS.values() if (topic := each.input_of(event_type)) is not None
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if domain is not None and domain.name in found:
        return found[domain.name]
    if not found:
        raise LookupError(f"{event_type!r} has no topic")
    names = ", ".join(topic.name for topic in found.values())
    raise LookupError(f"{event_type!r} belongs in each of {names}: name the domain")


def every_topic() -> tuple[Topic, ...]:
    """All topics of all domains, and those that they share."""
    return (*(topic for domain in DOMAINS.values() for topic in domain), DEAD_LETTERS, GENERATIONS, KEYS)
