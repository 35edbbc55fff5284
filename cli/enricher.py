"""`relearn enricher`: validates and embeds the inputs of one domain."""

from __future__ import annotations

import asyncio

import stamina
import typer
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter, Gauge

from cli.failure import Failed
from cli.options import Domains, HealthPort
from cli.parts import only_domain, prepared
from runtime.embedding import Embedder
from runtime.fault import Faults
from runtime.health import Health
from runtime.sentiment import sentiment_analyser
from runtime.settings import Settings
from schemas.topics import DOMAINS, DomainTopics
from streams.enrichment.enricher import Enricher
from streams.enrichment.worker import Surroundings, run
from streams.log import partitions_of

NAME = "enricher"

PATIENCE_SECONDS = 60.0
"""For the brokers to answer at the start."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn enricher --health-port 9101")
def enricher(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run an enricher until SIGTERM. As many as there are partitions may run side by side."""
    part = prepared(NAME, domain, health_port)
    topics = DOMAINS[only_domain(part.settings)]
    embedder = Embedder(part.settings.embedding_model, part.settings.embedding_cache)
    analyser = sentiment_analyser(part.settings.sentiment_analyser)
    asyncio.run(until_there(part.settings, topics))
    watch = Watch(part.health, part.registry, embedder)
    enriching = Enricher(topics, embedder, analyser, part.settings.partitions)
    run(
        part.settings,
        topics,
        enriching,
        Surroundings(watch, beside=[part.server], fault=Faults.from_environment()),
    )


@stamina.retry(on=(KafkaError, Failed), attempts=None, timeout=PATIENCE_SECONDS, wait_max=1.0)
async def until_there(settings: Settings, topics: DomainTopics) -> None:
    """Waits until the brokers answer and have the topics: in a tree that starts, both may be on their way.

    Raises:
        KafkaError, Failed: if that takes too long.
    """
    for topic in topics:
        if not await partitions_of(settings, topic):
            raise Failed(f"topic {settings.topic(topic.name)} does not exist: run `relearn topics create`")


class Watch:
    """Tells health and metrics what the enricher does."""

    def __init__(self, health: Health, registry: CollectorRegistry, embedder: Embedder) -> None:
        self._health = health
        self._inputs = Counter("relearn_enriched_inputs", "Inputs enriched.", registry=registry)
        self._lag = Gauge("relearn_enricher_lag", "Inputs that wait.", registry=registry)
        self._idle = Gauge(
            "relearn_enricher_idle_seconds", "Seconds since the last progress.", registry=registry
        )
        encoded = Gauge("relearn_texts_encoded", "Texts that the model encoded.", registry=registry)
        encoded.set_function(lambda: embedder.encoded)
        found = Gauge("relearn_texts_found", "Texts whose vector was known.", registry=registry)
        found.set_function(lambda: embedder.hits)

    def progressed(self, inputs: int) -> None:
        """So many inputs are enriched and durable."""
        self._inputs.inc(inputs)

    def lagging(self, lag: int, idle_seconds: float) -> None:
        """So many inputs wait; the last progress is so long ago."""
        self._lag.set(lag)
        self._idle.set(idle_seconds)
        self._health.ready(NAME, f"{lag} inputs wait" if lag else "")
