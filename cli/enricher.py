"""`relearn enricher`: validates and embeds the inputs of one domain."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import stamina
import typer
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from cli.failure import Failed
from cli.options import Domains, HealthPort
from cli.parts import Part, begin_anew, prepared
from runtime.access import check_access
from runtime.embedding import Embedder
from runtime.fault import Faults
from runtime.figures import Enriching
from runtime.health import Health
from runtime.progress import STALLED_SECONDS
from runtime.reading import partitions_of
from runtime.registry import Following, GenerationChanged, settled
from runtime.sentiment import sentiment_analyser
from runtime.settings import Settings
from schemas.topics import DOMAINS
from streams.enrichment.enricher import Enricher
from streams.enrichment.watchdog import Lag
from streams.enrichment.worker import Served, Surroundings, run

NAME = "enricher"

PATIENCE_SECONDS = 60.0
"""For the brokers to answer at the start."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn enricher --health-port 9101")
def enricher(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run an enricher until SIGTERM. As many as there are partitions may run side by side."""
    part = prepared(NAME, domain, health_port)
    # The brokers may be on their way, and most domains need this model.
    first = Embedder(part.settings.embedding_model, part.settings.embedding_cache)
    settings = asyncio.run(until_there(part.settings))
    embedders = _embedders(settings, first)
    tell_of(list(embedders.values()), part.registry)
    part.health.forget(NAME)
    served = [_served(each, settings.of(each), embedders, part) for each in settings.domains]
    following = Follower(settings)
    try:
        run(settings, served, Surroundings(beside=[part.server, following], fault=Faults.from_environment()))
    except SystemExit:
        if following.has_changed:
            begin_anew()
        raise


def _embedders(settings: Settings, first: Embedder) -> Mapping[str, Embedder]:
    """By model: a generation may have another one than the installation."""
    models = {settings.of(name).embedding_model for name in settings.domains}
    cache = settings.embedding_cache
    others = models - {first.model}
    return {first.model: first} | {
        model: Embedder(model, cache and cache.with_name(f"{cache.name}.{Path(model).name}"))
        for model in sorted(others)
    }


def _served(name: str, settings: Settings, embedders: Mapping[str, Embedder], part: Part) -> Served:
    domain, analyser = DOMAINS[name], sentiment_analyser(settings.sentiment_analyser)
    enricher = Enricher(domain, embedders[settings.embedding_model], analyser, settings.partitions)
    return Served(domain, enricher, Watch(name, part.health, part.registry))


class Follower:
    """Ends the worker in good order where one of its domains has another generation."""

    def __init__(self, settings: Settings) -> None:
        self.has_changed = False
        self._following = Following(settings)
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._follow())

    async def __aexit__(self, *_: object) -> None:
        self._following.stop()
        await self._task

    async def _follow(self) -> None:
        try:
            await self._following.run()
        except GenerationChanged:
            self.has_changed = True
            # As its orchestrator would: the worker then finishes the batch in hand.
            os.kill(os.getpid(), signal.SIGTERM)


def tell_of(embedders: Sequence[Embedder], registry: CollectorRegistry) -> None:
    """What the models do, for all domains."""
    Enriching.ENCODED.on(registry).set_function(lambda: sum(each.encoded for each in embedders))
    Enriching.FOUND.on(registry).set_function(lambda: sum(each.hits for each in embedders))
    for each in embedders:
        each.timed = Enriching.ENCODE.on(registry).observe


@stamina.retry(on=(KafkaError, Failed), attempts=None, timeout=PATIENCE_SECONDS, wait_max=1.0)
async def until_there(settings: Settings) -> Settings:
    """Waits until the brokers answer and have the topics: in a tree that starts, both may be on their way.

    Returns the settings with topics as the registry names them.

    Raises:
        KafkaError, Failed: if that takes too long.
        AccessRefused: if they do not let us in.
    """
    await check_access(settings)
    settings = await settled(settings)
    domains = [DOMAINS[name] for name in settings.domains]
    # Of the others it need not even be allowed to know.
    for topic in (topic for each in domains for topic in (*each.inputs, each.enriched)):
        if not await partitions_of(settings, topic):
            raise Failed(f"topic {settings.topic(topic.name)} does not exist: run `relearn topics create`")
    return settings


class Watch:
    """Tells health and metrics what the enricher does for one domain."""

    def __init__(self, domain: str, health: Health, registry: CollectorRegistry) -> None:
        self._health = health
        self._part = f"{NAME} {domain}"
        self._inputs = Enriching.INPUTS.on(registry).labels(domain)
        self._batch = Enriching.BATCH.on(registry).labels(domain)
        self._batch_seconds = Enriching.BATCH_SECONDS.on(registry).labels(domain)
        self._lag = Enriching.LAG.on(registry).labels(domain)
        self._lag_seconds = Enriching.LAG_SECONDS.on(registry).labels(domain)
        self._idle = Enriching.IDLE.on(registry).labels(domain)
        self._rebalances = Enriching.REBALANCES.on(registry).labels(domain)
        health.unready(self._part, "it has not begun")

    def progressed(self, inputs: int, seconds: float) -> None:
        """So many inputs are enriched and durable, which took so long."""
        self._inputs.inc(inputs)
        self._batch.observe(inputs)
        self._batch_seconds.observe(seconds)

    def lagging(self, lag: Lag) -> None:
        """So it stands at this moment. What has inputs and does nothing is not ready."""
        self._lag.set(lag.inputs)
        self._lag_seconds.set(lag.oldest_seconds)
        self._idle.set(lag.idle_seconds)
        if lag.inputs and lag.idle_seconds > STALLED_SECONDS:
            reason = f"{lag.inputs} inputs wait, and none was enriched for {lag.idle_seconds:.0f} s"
            self._health.unready(self._part, reason)
        else:
            self._health.ready(self._part, f"{lag.inputs} inputs wait" if lag.inputs else "")

    def assigned(self) -> None:
        """The group's partitions were divided anew."""
        self._rebalances.inc()
