"""Another shape of the past: made beside the log, compared, adopted in one step, dropped."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from runtime.registry import followed
from schemas.topics import LEARNING
from tests.cli.replayed import Replayed
from tests.cli.running import relearn

SHAPED = {"positions", "learning_audit_log", "shops"}
"""Tables that hold coordinates of the log, or partitions."""

AUDITED = "shop_id, at, actor, action, entity, entity_id, before, after, event_id, policy"


async def rows(replayed: Replayed, *, without_vectors: bool = False) -> dict[str, Counter[str]]:
    """What the tables hold, but for where in the log it stands."""
    conn = await replayed.connect()
    names = await conn.fetch(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'learning'::REGNAMESPACE AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND c.relname NOT IN ('schema_migrations', 'projection') ORDER BY 1"
    )
    less = "- 'embedding' - 'question_embedding' " if without_vectors else ""
    found = {
        name: Counter(row[0] for row in await conn.fetch(f"SELECT (to_jsonb(t) {less})::TEXT FROM {name} t"))
        for (name,) in names
        if name not in SHAPED
    }
    audited = await conn.fetch(f"SELECT ({AUDITED})::TEXT FROM learning_audit_log WHERE shop_id > 0")
    found["learning_audit_log"] = Counter(row[0] for row in audited)
    found["shops"] = Counter(str(row[0]) for row in await conn.fetch("SELECT shop_id FROM shops"))
    await conn.close()
    return found


async def generation(replayed: Replayed, *words: str) -> Any:
    """What such a command prints, of learning."""
    return await replayed.told("generation", *words)


@pytest.mark.timeout(240)
async def test_more_partitions(replayed: Replayed) -> None:
    before = await rows(replayed)
    made = await generation(replayed, "create", "--partitions", "3")
    assert made["generation"] == 2
    assert await rows(replayed) == before, "nothing has changed yet"
    await generation(replayed, "adopt", "2")
    await generation(replayed, "adopt", "2")
    left = await replayed.run("generation", "adopt", "1")
    assert left.exit_code == 1
    assert "was left" in left.stderr
    assert await rows(replayed) == before
    assert await replayed.different() == {}
    settings = (await followed(replayed.settings)).of(LEARNING.name)
    assert settings.partitions == 3
    assert settings.topic(LEARNING.log.name).endswith("learning.decisions.2")
    listed = await generation(replayed, "list")
    assert [(each["generation"], each["is"], each["partitions"]) for each in listed] == [
        (1, "left", 1),
        (2, "current", 3),
    ]
    dropped = await generation(replayed, "drop", "1", "--yes")
    assert len(dropped["topics"]) == len(list(LEARNING))
    assert (await replayed.run("rebuild")).exit_code == 0, "the new log is enough"
    assert await rows(replayed) == before
    assert await replayed.schemas() == ["learning"]


@pytest.mark.timeout(240)
async def test_another_model(replayed: Replayed, small_model: str) -> None:
    before = await rows(replayed, without_vectors=True)
    made = await generation(replayed, "create", "--model", small_model)
    assert 0.3 < made["recall_at_10"]["question"]["recall"] < 1
    assert made["decisions"]["flips"], "with other vectors other things are alike"
    again = await generation(replayed, "create", "--model", small_model)
    assert again == made, "what is made is gone on with"
    await generation(replayed, "adopt", "2")
    assert await rows(replayed, without_vectors=True) == before
    assert await replayed.different() == {}
    policy = await replayed.told("policy", "show")
    assert {each["model"] for each in policy} == {small_model}
    found = await relearn(
        *("knowledge", "search", "--shop", "101", "--json", "opening hours"),
        env=replayed.settings.environment(),
    )
    assert found.exit_code == 0, found.output


async def test_what_is_made_can_be_dropped(replayed: Replayed) -> None:
    before = await replayed.schemas()
    await generation(replayed, "create", "--partitions", "2")
    other = await replayed.run("generation", "create", "--partitions", "3")
    assert other.exit_code == 1
    assert "is there already" in other.stderr
    dropped = await generation(replayed, "drop", "2", "--yes")
    assert all(name.endswith(".2") for name in dropped["topics"])
    assert await replayed.schemas() == before
    assert await replayed.different() == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("create",), "say one of"),
        (("create", "--partitions", "2", "--erased"), "say one of"),
        (("create", "--partitions", "1"), "has 1 partitions"),
        (("create", "--model", "no-such-model"), "width of the embedding model"),
        (("adopt", "7"), "has no generation 7"),
        (("drop", "1", "--yes"), "is the current one"),
    ],
)
async def test_what_cannot_be_is_told(looked_at: Replayed, words: tuple[str, ...], why: str) -> None:
    done = await looked_at.run("generation", *words)
    assert done.exit_code == 1
    assert why in done.stderr
