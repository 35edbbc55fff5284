"""What the API tells Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from runtime.figures import Serving

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "other"
"""What a caller made up is no label: there would be no end of them."""


class Meters:
    """The numbers of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Serving.REQUESTS.on(registry)
        self._seconds = Serving.SECONDS.on(registry)
        self._accepted = Serving.ACCEPTED.on(registry)
        self._waits = Serving.WAITS.on(registry)

    def answered(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """An answer began after so long; `route`: as it is declared, None where there is none."""
        where = route or OTHER, method if method in METHODS else OTHER
        self._requests.labels(*where, status).inc()
        self._seconds.labels(*where).observe(seconds)

    def accepted(self, domain: str, events: int) -> None:
        """So many events are durable."""
        self._accepted.labels(domain).inc(events)

    def waited(self, domain: str, *, in_time: bool) -> None:
        """Somebody has waited for the effect of what they sent."""
        self._waits.labels(domain, "visible" if in_time else "late").inc()
