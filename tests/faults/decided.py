"""What must be true after any fault: each input decided once, all decisions shown, nothing acknowledged lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import orjson

from cli.migrate import migrator_of, upgrade_all
from cli.status import until_caught_up
from projections.domains import PROJECTIONS
from projections.verifying import Verification
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.documents import OUTCOMES_OF
from schemas.record import RecordCodec
from schemas.topics import DOMAINS, LEARNING, DomainTopics
from streams.learning.decider import Learning
from tests.faults.parts import part
from tests.faults.tables import messages, tables

CODEC = RecordCodec(LEARNING.types, Learning.outcomes)
REBUILT_SECONDS = 600.0
"""A soak leaves 75,000 records; the projector makes some hundreds of rows a second beside other work."""


async def assert_decided_once(settings: Settings) -> None:
    """One record for each input, in order, except for the record that opens the log."""
    for domain in DOMAINS.values():
        for number in range(settings.partitions):
            await _assert_decided_once(settings, domain, number)


async def _assert_decided_once(settings: Settings, domain: DomainTopics, number: int) -> None:
    codec = RecordCodec(domain.types, OUTCOMES_OF[domain.name])
    records = [codec.decode(m.value) for m in await messages(settings, domain.log.name, number)]
    assert [record.seq for record in records] == list(range(len(records)))
    decided = defaultdict[str, list[int]](list)
    for record in records:
        if record.input is not None:
            decided[record.input.topic].append(record.input.offset)
    for topic in domain.inputs:
        inputs = [message.offset for message in await messages(settings, topic.name, number)]
        different = set(inputs) ^ set(decided[topic.name])
        assert decided[topic.name] == inputs, (topic.name, number, sorted(different)[:10], inputs[-1:])


async def assert_appended(settings: Settings, acknowledged: Collection[UUID], *, once: bool) -> None:
    """Every event of which a broker said that it has it stands in an input topic; `once`: none stands there twice."""
    inputs = [topic.name for domain in DOMAINS.values() for topic in domain.inputs]
    places = [(name, number) for name in inputs for number in range(settings.partitions)]
    lots = [await messages(settings, *place) for place in places]
    found = Counter(id for lot in lots for m in lot if (id := _id_of(m.value)) is not None)
    assert not set(acknowledged) - found.keys(), "acknowledged and lost"
    if once:
        assert [id for id, count in found.items() if count > 1] == []


def _id_of(value: bytes | None) -> UUID | None:
    """The id of an event; None for rubbish."""
    try:
        return UUID(orjson.loads(value or b"")["id"])
    except (ValueError, TypeError, KeyError):
        return None


async def assert_shown_as_rebuilt(settings: Settings) -> None:
    """The tables are those that an undisturbed projector makes of the log in an empty database.

    No other projector may run: they would share the log.
    """
    fresh = await _another_database(settings)
    await upgrade_all(fresh)
    async with part("projector", fresh):
        await until_caught_up(fresh, REBUILT_SECONDS)
    for domain in DOMAINS:
        found, wanted = await tables(settings, domain), await tables(fresh, domain)
        assert any(wanted.values())
        for name, rows in wanted.items():
            # What a job derives follows from when it was run, too.
            assert found[name] == rows or name in PROJECTIONS[domain].derived, name


async def assert_verified(settings: Settings) -> None:
    """`relearn verify` finds nothing, whatever goes on meanwhile."""
    for domain in DOMAINS:
        work = Verification(settings, PROJECTIONS[domain], migrator_of(settings, domain))
        found = await work.run(lambda _: None, lambda _: None)
        assert sum(each.rows for each in found)
        assert [each for each in found if each.different] == []


async def _another_database(settings: Settings) -> Settings:
    name = f"again_{uuid4().hex}"
    conn = await connect(settings, "public", vectors=False)
    try:
        await conn.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    finally:
        await conn.close()
    url = urlunsplit(urlsplit(settings.database_url)._replace(path=f"/{name}"))
    return settings.model_copy(update={"database_url": url})
