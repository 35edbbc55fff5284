"""Generations: copies of a domain's log under a transformation, and which of them is the log now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.topics import DOMAINS, DomainTopics

FIRST = 1
"""The generation that a domain begins with. Its topics bear the names that are declared."""

Kind = Literal["model", "partitions", "erased"]
Phase = Literal["settled", "closing", "adopting"]
"""`closing`: inputs are drained. `adopting`: nobody decides until the change is complete."""


class Transformation(BaseModel):
    """How a generation differs from the one that it was copied from."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    of: int

    def __str__(self) -> str:
        return f"{self.kind} of generation {self.of}"


class Generation(BaseModel):
    """One generation of a domain: what its log is fixed to, and what its topics and groups are called."""

    model_config = ConfigDict(frozen=True)

    number: int
    model: str
    """The embedding model of its vectors."""
    partitions: int
    names: Mapping[str, str] = {}
    """By the names of the first generation; without those that are the same. Without prefix."""
    transformation: Transformation | None = None


class Registered(BaseModel):
    """What the registry says of one domain: always all of it, so that it changes in one step."""

    model_config = ConfigDict(frozen=True)

    domain: str
    current: int
    generations: tuple[Generation, ...]
    phase: Phase = "settled"
    next: int | None = None
    """The generation that takes over, while the phase is not `settled`."""

    def generation(self, number: int) -> Generation:
        """Raises LookupError if there is none of this number."""
        for each in self.generations:
            if each.number == number:
                return each
        raise LookupError(f"{self.domain} has no generation {number}")

    @property
    def now(self) -> Generation:
        """The one that services write to and readers follow."""
        return self.generation(self.current)

    def phase_of(self, number: int) -> str:
        """What this generation is: the current one, or what it was or may become."""
        if number == self.current:
            return "current"
        if number == self.next:
            return self.phase
        return "left" if number < self.current else "made"

    def added(self, generation: Generation) -> Registered:
        """With one more."""
        return self.model_copy(update={"generations": (*self.generations, generation)})

    def without(self, number: int) -> Registered:
        """With one less."""
        left = tuple(each for each in self.generations if each.number != number)
        return self.model_copy(update={"generations": left})


def names_of(domain: DomainTopics, number: int, kind: Kind, before: Generation) -> Mapping[str, str]:
    """What a new generation's topics and groups are called.

    Log and enriched topic are always new, and so are the groups that read them. Where keys change their homes, so
    are inputs and feeds; else they are those of the generation before.
    """
    own = (domain.log.name, domain.enriched.name, *groups_of(domain.name))
    moved = [topic.name for topic in (*domain.inputs, *domain.feeds)]
    names = {name: f"{name}.{number}" for name in own}
    if kind == "partitions":
        return names | {name: f"{name}.{number}" for name in moved}
    return names | {name: before.names[name] for name in moved if name in before.names}


def groups_of(domain: str) -> tuple[str, ...]:
    """The names of a domain's parts at the broker: of their groups, and of the writers of its log."""
    return enrichers_of(domain), deciders_of(domain), projectors_of(domain), writers_of(domain)


def enrichers_of(domain: str) -> str:
    """The consumer group of a domain's enrichers."""
    return f"relearn-{domain}-enricher"


def deciders_of(domain: str) -> str:
    """The consumer group of a domain's deciders."""
    return f"relearn-{domain}-decider"


def projectors_of(domain: str) -> str:
    """The consumer group of a domain's projectors."""
    return f"{domain}-projector"


def writers_of(domain: str) -> str:
    """How the transactional ids of those who write a domain's log begin."""
    return f"relearn-{domain}"


_DOMAIN_OF = {
    name: domain.name
    for domain in DOMAINS.values()
    for name in (*(topic.name for topic in domain), *groups_of(domain.name))
}


def domain_of(name: str) -> str | None:
    """The domain that has a topic or a part of this name; None for what all domains share."""
    return _DOMAIN_OF.get(name)
