"""Numbers for Prometheus, in a registry that is made and handed on, never the global one."""

from __future__ import annotations

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info, PlatformCollector, ProcessCollector


def new_registry(part: str) -> CollectorRegistry:
    """A registry with what every part tells: its name and version, its process and its interpreter."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Info("relearn", "Which part this is, and its version.", registry=registry).info(
        {"part": part, "version": version("relearn")}
    )
    return registry
