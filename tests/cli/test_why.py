"""From what is live back to what was said, and forward."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cli.replayed import Replayed


async def one(looked_at: Replayed, query: str) -> Any:
    conn = await looked_at.connect()
    found = await conn.fetchval(query)
    await conn.close()
    return str(found)


async def test_knowledge_is_told_back_to_what_a_customer_said(looked_at: Replayed) -> None:
    id = await one(
        looked_at, "SELECT id FROM knowledge_base_rag WHERE status = 'live' AND item_id IS NOT NULL LIMIT 1"
    )
    found = await looked_at.told("why", id)
    assert (found["entity"], found["id"], found["now"]["status"]) == ("knowledge", id, "live")
    applied = found["history"][0]
    assert applied["action"] == "KnowledgeApplied"
    (item,) = [each for each in found["line"] if each["id"] == applied["outcome"]["item_id"]]
    actions = [each["action"] for each in item["history"]]
    assert actions[0] == "ItemProposed"
    assert actions.index("ItemApproved") < actions.index("ItemApplied")
    for each in item["history"]:
        assert each["input"]["topic"] in {"learning.events", "learning.reviews"}
        assert each["record"]["offset"] > 0
    assert item["history"][0]["event"]["data"], "what was said, word for word"
    assert "embedding" not in item["now"]


async def test_a_correction_leads_to_what_came_of_it(looked_at: Replayed) -> None:
    id = await one(
        looked_at,
        "SELECT c.id FROM owner_corrections c JOIN learning_sources s ON s.source_id = c.id ORDER BY c.id LIMIT 1",
    )
    item = await one(looked_at, f"SELECT item_id FROM learning_sources WHERE source_id = '{id}'")
    found = await looked_at.told("why", id.upper())
    assert (found["entity"], found["id"]) == ("correction", id)
    assert found["now"]["corrected_answer"] == found["history"][0]["event"]["data"]["corrected_answer"]
    assert [each["id"] for each in found["line"]] == [item]


async def test_what_one_record_decided_is_told_in_its_order(looked_at: Replayed) -> None:
    conn = await looked_at.connect()
    rows = await conn.fetch(
        "SELECT DISTINCT entity_id FROM learning_audit_log WHERE action = 'ItemApproved' AND actor = 'policy'"
    )
    await conn.close()
    assert len(rows) > 1
    for row in rows:
        actions = [each["action"] for each in (await looked_at.told("why", str(row[0])))["history"]]
        assert actions[0] == "ItemProposed"
        assert actions.index("ItemApproved") < actions.index("ItemApplied")


async def test_people_see_a_tree(looked_at: Replayed) -> None:
    id = await one(
        looked_at, "SELECT id FROM learning_queue WHERE metadata -> 'neighbours' <> '[]' ORDER BY id LIMIT 1"
    )
    done = await looked_at.run("why", id)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"item {id}"
    assert "compared with" in done.stdout
    assert "learning.events[0]" in done.stdout


async def test_a_record_leads_to_what_it_decided(looked_at: Replayed) -> None:
    place = await one(
        looked_at, "SELECT min(log_offset) FROM learning_audit_log WHERE action = 'ItemProposed'"
    )
    found = await looked_at.told("why", f"0:{place}")
    kinds = {each["kind"] for each in found["outcomes"]}
    assert "ItemProposed" in kinds
    assert {each["entity"] for each in found["line"]} >= {"item"}


@pytest.mark.parametrize(
    ("id", "why"),
    [
        (str(UUID(int=7, version=4)), "nothing was ever decided about"),
        ("no-such-task", "nothing was ever decided about no-such-task"),
        ("0:1000000", "no record stands at 0:1000000"),
        ("9:0", "no record stands at 9:0"),
    ],
)
async def test_what_is_not_there_is_a_sentence(looked_at: Replayed, id: str, why: str) -> None:
    done = await looked_at.run("why", id)
    assert done.exit_code == 1
    assert why in done.stderr
