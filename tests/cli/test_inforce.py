"""The policy in force is found in the log, wherever it was adopted, without reading all of it."""

from __future__ import annotations

import pytest

from cli.inforce import policies_in_force
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.policy import LearningPolicy, policy_hash
from schemas.record import Record
from schemas.topics import every_topic
from tests.cli.conftest import MODEL, adopted, write_log

POLICIES = {
    name: LearningPolicy(similarity_threshold=0.8 + number / 100) for number, name in enumerate("ABC")
}


def log_of(story: str) -> list[Record]:
    """Records from letters: a capital adopts that policy, a dot decides something by the one in force."""
    records, now = list[Record](), ""
    for seq, letter in enumerate(story):
        policy = POLICIES[letter] if letter != "." else None
        by = policy_hash(POLICIES[now or letter])
        records.append(Record(seq, 1000 + seq, by, (adopted(policy),) if policy else ()))
        now = letter if policy else now
    return records


@pytest.mark.parametrize(
    ("story", "wanted"),
    [
        ("A", "A"),
        ("A....", "A"),
        ("A..B", "B"),
        ("AB", "B"),
        ("A..B.", "B"),
        ("A..B...........", "B"),
        ("A.............B.", "B"),
        ("A..B..C....", "C"),
        ("A..B..A....", "A"),
        ("A.B..A..B....A.B......", "B"),
        ("A.....BC.", "C"),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["without gaps", "with gaps"])
async def test_the_last_adoption_counts(
    story: str, wanted: str, together: bool, kafka_settings: Settings
) -> None:
    await create_topics(kafka_settings, every_topic())
    await write_log(kafka_settings, 1, *log_of(story), together=together)
    (found,) = await policies_in_force(kafka_settings)
    assert (found.partition, found.model) == (1, MODEL)
    assert LearningPolicy.model_validate(found.policy) == POLICIES[wanted]
    assert found.hash == policy_hash(POLICIES[wanted])


async def test_where_nothing_was_decided_none_is_in_force(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, every_topic())
    assert await policies_in_force(kafka_settings) == []
