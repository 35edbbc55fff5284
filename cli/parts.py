"""What every part that runs on has: quiet logs, health, metrics, settings of one domain or several."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn

import uvloop
from prometheus_client import CollectorRegistry

from runtime.figures import READY
from runtime.health import Health, HealthServer
from runtime.logging import configure_logging
from runtime.memory import give_back_regularly, spare_collector
from runtime.metrics import new_registry
from runtime.registry import GenerationChanged
from runtime.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Part:
    """A part's surroundings. `server` is not started."""

    settings: Settings
    health: Health
    registry: CollectorRegistry
    server: HealthServer


def prepared(name: str, domains: list[str] | None, health_port: int | None) -> Part:
    """The surroundings of one part: settings read, logs configured, nothing started."""
    known: dict[str, Any] = {}
    if domains:
        known["domains"] = tuple(domains)
    if health_port is not None:
        known["health_port"] = health_port
    settings = load_settings(**known)
    configure_logging(settings.log_level, settings.log_format)
    spare_collector()
    give_back_regularly()
    health, registry = Health([name]), new_registry(name)
    READY.on(registry).labels(name).set_function(lambda: float(health.is_ready))
    return Part(
        settings, health, registry, HealthServer(health, registry, settings.health_host, settings.health_port)
    )


def run_part(work: Coroutine[Any, Any, None]) -> None:
    """Runs a part to its end; begins anew where its domain has another generation."""
    try:
        uvloop.run(work)
    except GenerationChanged:
        begin_anew()


def begin_anew() -> NoReturn:
    """The same command in the same process, from the start: whoever watches over it sees no crash."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - its own command line
