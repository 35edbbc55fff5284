"""Whether a process does its work, over HTTP: /health for orchestrators, /metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Whether one part is ready, and if not, why."""

    ready: bool
    reason: str = ""


class Health:
    """The state of a process: ready when all its parts are."""

    def __init__(self, parts: Iterable[str]) -> None:
        """All parts are `starting` until they say otherwise."""
        self._parts = {part: PartHealth(ready=False, reason="starting") for part in parts}

    def ready(self, part: str, reason: str = "") -> None:
        """This part does its work; `reason` may say how."""
        self._parts[part] = PartHealth(True, reason)

    def unready(self, part: str, reason: str) -> None:
        """This part does not do its work."""
        self._parts[part] = PartHealth(False, reason)

    def forget(self, part: str) -> None:
        """This part is no longer this process's concern."""
        self._parts.pop(part, None)

    @property
    def is_ready(self) -> bool:
        """Whether every part is ready."""
        return all(part.ready for part in self._parts.values())

    @property
    def parts(self) -> Mapping[str, PartHealth]:
        """Every part as it last spoke."""
        return dict(self._parts)


class HealthServer:
    """Serves /health (200, or 503 with the reasons) and /metrics."""

    def __init__(
        self, health: Health, registry: CollectorRegistry, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """`port` 0 takes any free one."""
        self._health = health
        self._registry = registry
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Begins to serve, and returns the port. Raises OSError where it is taken."""
        app = web.Application()
        app.router.add_get("/health", self._get_health)
        app.router.add_get("/metrics", self._get_metrics)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Ends serving; a second call does nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _get_health(self, _: web.Request) -> web.Response:
        parts = {name: asdict(part) for name, part in self._health.parts.items()}
        body = orjson.dumps({"ready": self._health.is_ready, "parts": parts})
        status = 200 if self._health.is_ready else 503
        return web.Response(body=body, status=status, content_type="application/json")

    async def _get_metrics(self, _: web.Request) -> web.Response:
        numbers = generate_latest(self._registry)
        return web.Response(body=numbers, headers={"Content-Type": CONTENT_TYPE_LATEST})
