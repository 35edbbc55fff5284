"""The jobs: what has to be asked for because time passes. Each says in words what it did."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer

from cli.events import said, scheduled_id, to_partition
from cli.experiments import proposal
from cli.inforce import InForce, policies_in_force
from cli.tables import opened, queries
from projections.executions.solutions import Solutions
from projections.learning.jobs import LearningJobs, Winner
from runtime import kafka
from runtime.appender import Appender
from runtime.clock import Clock
from runtime.closing import connected
from runtime.settings import Settings
from schemas.control import RetentionAdvanced, Tick
from schemas.event import Event
from schemas.policy import ExecutionsPolicy, LearningPolicy, Retention
from schemas.review import ApplyRequested
from schemas.topics import DOMAINS, EXECUTIONS, LEARNING, DomainTopics

SOURCE = "relearn/scheduler"


@dataclass(frozen=True, slots=True)
class Workshop:
    """What jobs work with."""

    settings: Settings
    producer: AIOKafkaProducer
    clock: Clock

    async def append(self, events: list[Event[Any]], domain: DomainTopics = LEARNING) -> None:
        """Appends what the scheduler asks for."""
        await Appender(self.producer, self.settings.topic, domain).append(*events)

    async def partitions(self, topic: str) -> list[int]:
        """The partitions of a topic."""
        return sorted(await self.producer.partitions_for(self.settings.topic(topic)))


@asynccontextmanager
async def workshop(settings: Settings, clock: Clock) -> AsyncIterator[Workshop]:
    """A workshop with its clients, for as long as the block lasts."""
    async with connected(kafka.producer(settings)) as producer:
        yield Workshop(settings, producer, clock)


async def tick(shop: Workshop) -> str:
    """Tells every partition that time has passed; twice in a minute is once."""
    now = shop.clock.now()
    minute = now.replace(second=0, microsecond=0).isoformat()
    ticked = 0
    for domain in (DOMAINS[name] for name in shop.settings.domains):
        numbers = await shop.partitions(domain.control)
        named = {number: scheduled_id("tick", domain.name, number, minute) for number in numbers}
        ticks = [to_partition(Tick(partition=n), now, id, source=SOURCE) for n, id in named.items()]
        await shop.append(ticks, domain)
        ticked += len(ticks)
    return f"{ticked} partitions ticked"


async def request_application(shop: Workshop) -> str:
    """Asks to apply for every shop that has approved items; twice in an hour is once."""
    async with queries(shop.settings) as ask:
        shops = await ask.shops_with_approved_items()
    now = shop.clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    await shop.append(
        [
            said(ApplyRequested(), each, now, scheduled_id("apply", each, hour), source=SOURCE)
            for each in shops
        ]
    )
    return f"application requested for {len(shops)} shops"


async def refresh_daily_metrics(shop: Workshop) -> str:
    """Counts the queue anew."""
    async with opened(shop.settings) as pool:
        await LearningJobs(pool).refresh_learning_metrics()
    return "daily learning metrics refreshed"


async def refresh_response_metrics(shop: Workshop) -> str:
    """Counts the responses anew."""
    async with opened(shop.settings) as pool:
        await LearningJobs(pool).refresh_response_metrics()
    return "response metrics refreshed"


async def advance_retention(shop: Workshop) -> str:
    """Lets go of what is older than the policies keep; a policy without a limit keeps everything."""
    advanced = 0
    for domain in (DOMAINS[name] for name in shop.settings.domains):
        events = [
            event
            for each in await policies_in_force(shop.settings, domain)
            if (event := _retention(domain, each, shop.clock.now())) is not None
        ]
        await shop.append(events, domain)
        advanced += len(events)
    return f"retention advanced in {advanced} partitions" if advanced else "the policies keep everything"


def _retention(domain: DomainTopics, found: InForce, now: datetime) -> Event[Any] | None:
    days = Retention.model_validate(found.policy["retention"]).days
    if days is None:
        return None
    before = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    name = scheduled_id("retention", domain.name, found.partition, before.isoformat())
    return to_partition(RetentionAdvanced(partition=found.partition, before=before), now, name, source=SOURCE)


async def derive_solutions(shop: Workshop) -> str:
    """Learns from the executions that were recorded since, and counts them anew."""
    partitions = await shop.partitions(EXECUTIONS.log.name)
    found = await policies_in_force(shop.settings, EXECUTIONS)
    if not found:
        return "nothing has been decided yet"
    threshold = ExecutionsPolicy.model_validate(found[0].policy).similarity_threshold
    async with opened(shop.settings, EXECUTIONS.name) as pool:
        solutions = Solutions(pool, EXECUTIONS.log.name)
        taken = await solutions.derive(threshold, len(partitions))
        await solutions.refresh()
    return f"solutions derived from {taken} more executions"


async def ab_winners(shop: Workshop) -> str:
    """Proposes a practice where one variant of an answer converts better than the other."""
    found = await policies_in_force(shop.settings)
    if not found:
        return "nothing has been decided yet"
    terms = _policy(found[0]).experiments
    async with opened(shop.settings) as pool:
        winners = await LearningJobs(pool).ab_winners(terms.sample_size, terms.significance)
    now = shop.clock.now()
    await shop.append([said(proposal(win), win.shop_id, now, _name(win), source=SOURCE) for win in winners])
    return f"{len(winners)} winners proposed"


def _name(win: Winner) -> UUID:
    return scheduled_id("ab", win.shop_id, win.response_type, *sorted((win.variant, win.other)))


def _policy(found: InForce) -> LearningPolicy:
    return LearningPolicy.model_validate(found.policy)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do at a time. `at` is what APScheduler's CronTrigger takes, UTC; `words` says the same.

    `domain`: the one whose tables it reads; None for what is done for every domain that is served.
    """

    do: Callable[[Workshop], Awaitable[str]]
    at: Mapping[str, int | str]
    words: str
    domain: DomainTopics | None = None

    @property
    def about(self) -> str:
        """What it is for."""
        return (self.do.__doc__ or "").strip()


JOBS: Mapping[str, Job] = {
    "tick": Job(tick, {"second": 0}, "every minute"),
    "request-application": Job(request_application, {"minute": 0, "second": 20}, "hourly", LEARNING),
    "refresh-response-metrics": Job(refresh_response_metrics, {"minute": 10}, "hourly", LEARNING),
    "refresh-daily-metrics": Job(refresh_daily_metrics, {"hour": 0, "minute": 30}, "nightly", LEARNING),
    "advance-retention": Job(advance_retention, {"hour": 1, "minute": 0}, "daily"),
    "derive-solutions": Job(derive_solutions, {"minute": 20}, "hourly", EXECUTIONS),
    "ab-winners": Job(ab_winners, {"hour": 2, "minute": 0}, "daily", LEARNING),
}


def jobs_of(settings: Settings) -> Mapping[str, Job]:
    """The jobs for the domains that are served."""
    return {
        name: job for name, job in JOBS.items() if job.domain is None or job.domain.name in settings.domains
    }
