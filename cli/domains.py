"""Domains by the names that commands are given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cli.failure import Failed
from runtime.registry import followed
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


def settings_for(domains: Sequence[str] | None = None) -> Settings:
    """The settings, with topics as the registry names them now.

    The domains that a command names stand instead of those configured.
    """
    return asyncio.run(followed(settings_of_tables(domains)))


def settings_of_tables(domains: Sequence[str] | None = None) -> Settings:
    """The same for those who only look at tables: they need no broker."""
    return load_settings(**({"domains": tuple(domains)} if domains else {}))
