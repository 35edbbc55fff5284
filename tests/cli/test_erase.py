"""What `relearn erase` asks for, and how long bytes may stand in a topic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.erased import Seen, _places, _until
from runtime.settings import Settings
from schemas.generation import Generation, Registered, names_of
from schemas.topics import LEARNING
from tests.cli.replayed import Replayed
from tests.cli.running import relearn

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--shop", "7", "--actor", "ann"),
        ("--shop", "7", "--reason", "asked"),
        ("--actor", "ann", "--reason", "asked"),
        (
            *("--shop", "7", "--reason", "asked", "--actor", "ann"),
            *("--conversation", "2d0b9f5e-7a55-5c1c-8f0d-3f1f3f1f7a90"),
        ),
    ],
)
async def test_one_subject_a_shop_and_a_reason_are_needed(words: tuple[str, ...]) -> None:
    env = Settings(kafka_bootstrap_servers="nowhere:9092", database_url="postgresql://nowhere").environment()
    done = await relearn("erase", *words, env=env)
    assert done.exit_code == 1
    assert "name --shop, --reason, and either --actor or --conversation" in done.stderr


@pytest.mark.parametrize(
    ("config", "days"),
    [
        ({"retention.ms": str(30 * DAY), "segment.ms": str(7 * DAY)}, 37),
        ({"retention.ms": "-1", "segment.ms": str(7 * DAY)}, None),
        ({}, None),
    ],
)
def test_a_segment_goes_when_the_last_that_it_holds_is_old_enough(
    config: dict[str, str], days: int | None
) -> None:
    assert _until(AT, config) == (None if days is None else AT + timedelta(days=days))


def test_copies_of_tables_and_topics_of_other_generations_are_places() -> None:
    first = Generation(number=1, model="m", partitions=4)
    names = names_of(LEARNING, 2, "partitions", first)
    second = Generation(number=2, model="m", partitions=8, names=names)
    known = Registered(domain=LEARNING.name, current=2, generations=(first, second))
    settings = Settings(
        kafka_bootstrap_servers="nowhere:9092", database_url="postgresql://nowhere"
    ).following({LEARNING.name: known})
    places = {
        p.place: p.why for p in _places(settings, Seen([{"at": AT, "from_log": True}], 0, ["kept"], {}))
    }
    assert places["schema kept"]
    for name in ("learning.decisions", "learning.events", "learning.enriched", "knowledge.live"):
        assert places[name] == "until `relearn generation drop 1`"
    assert "learning.decisions.2" not in places, "the log lost the words"


async def test_where_nothing_was_erased_nothing_is_told(looked_at: Replayed) -> None:
    assert await looked_at.told_of("erase", "--report") == {"erasures": [], "places": []}
