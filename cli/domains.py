"""Domains by the names that commands are given."""

from __future__ import annotations

from cli.failure import Failed
from schemas.topics import DOMAINS, DomainTopics


def topics_of(domain: str) -> DomainTopics:
    """The topics of the domain of this name.

    Raises:
        Failed: if there is none.
    """
    if domain not in DOMAINS:
        raise Failed(f"there is no domain {domain!r}; known: {', '.join(DOMAINS)}")
    return DOMAINS[domain]
