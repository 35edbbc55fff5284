"""Numbers for Prometheus, in a registry that is made and handed on, never the global one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily

M = TypeVar("M")

INFO = "relearn"


def new_registry(part: str) -> CollectorRegistry:
    """A registry with what every part tells: its name and version, its process and its interpreter."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Info(INFO, "Which part this is, and its version.", registry=registry).info(
        {"part": part, "version": version("relearn")}
    )
    return registry


_made: WeakKeyDictionary[CollectorRegistry, dict[Hashable, Any]] = WeakKeyDictionary()


def once(registry: CollectorRegistry, key: Hashable, make: Callable[[], M]) -> M:
    """What stands in this registry under this key, made by the first who asks: domains share a process's numbers."""
    made = _made.setdefault(registry, {})
    if key not in made:
        made[key] = make()
    found: M = made[key]
    return found


@dataclass(frozen=True)
class Told:
    """What a number is called and what it says, before any registry has it.

    `labels` have few values each: never a shop's, a person's or a free text's words.
    """

    name: str
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counted(Told):
    """A number that only grows."""

    @property
    def series(self) -> str:
        """What a query asks for."""
        return f"{self.name}_total"

    def on(self, registry: CollectorRegistry) -> Counter:
        """The counter, registered."""
        return once(registry, self, lambda: Counter(self.name, self.about, self.labels, registry=registry))


@dataclass(frozen=True)
class Gauged(Told):
    """A number that rises and falls."""

    @property
    def series(self) -> str:
        """What a query asks for."""
        return self.name

    def on(self, registry: CollectorRegistry) -> Gauge:
        """The gauge, registered."""
        return once(registry, self, lambda: Gauge(self.name, self.about, self.labels, registry=registry))

    def family(self) -> GaugeMetricFamily:
        """The gauge for a collector that asks only when Prometheus does."""
        return GaugeMetricFamily(self.name, self.about, labels=self.labels)


@dataclass(frozen=True)
class Spread(Told):
    """How a number is distributed; `buckets` are upper bounds."""

    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> str:
        """What a query for a quantile asks for."""
        return f"{self.name}_bucket"

    def on(self, registry: CollectorRegistry) -> Histogram:
        """The histogram, registered."""
        buckets = self.buckets
        return once(
            registry,
            self,
            lambda: Histogram(self.name, self.about, self.labels, registry=registry, buckets=buckets),
        )
