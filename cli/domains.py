"""Domains by the names that commands are given."""

from __future__ import annotations

from collections.abc import Sequence

from cli.failure import Failed
from runtime.settings import Settings, load_settings
from schemas.topics import DOMAINS, DomainTopics


def topics_of(domain: str) -> DomainTopics:
    """The topics of the domain of this name.

    Raises:
        Failed: if there is none.
    """
    if domain not in DOMAINS:
        raise Failed(f"there is no domain {domain!r}; known: {', '.join(DOMAINS)}")
    return DOMAINS[domain]


def settings_for(domains: Sequence[str] | None) -> Settings:
    """The settings, with the domains that a command names instead of those configured."""
    return load_settings(**({"domains": tuple(domains)} if domains else {}))
