"""Lists are gone through page by page; imports lot by lot."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from relearn_client.http import Fault, Unreadable
from relearn_client.models import KnowledgeImported
from tests.client.http.conftest import Client
from tests.client.http.scripted import Answer, Scripted, problem

MOMENT = "2026-11-22T12:00:00+00:00"


def known(number: int) -> dict[str, Any]:
    return {
        "id": str(UUID(int=number)),
        "question": None,
        "content": f"Content {number}",
        "category": None,
        "source": "help",
        "status": "live",
        "superseded_by": None,
        "item_id": None,
        "disputes": 0,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "of a later release": True,
    }


def page(*numbers: int, following: str | None = None) -> Answer:
    headers = {} if following is None else {"link": f'<{following}>; rel="next"'}
    return Answer(200, {"items": [known(each) for each in numbers]}, headers)


def test_a_list_is_gone_through(client: Client, server: Scripted) -> None:
    server.tell(
        page(1, 2, following="/api/knowledge?limit=2&cursor=a%2Bb"),
        problem(503),
        page(3, 4, following="/api/knowledge?cursor=c&limit=2"),
        page(),
    )
    found = client("knowledge", shop=7, category="hours", page_size=2)
    assert [each.content for each in found] == [f"Content {number}" for number in (1, 2, 3, 4)]
    same = {"status": "live", "category": "hours", "shop_id": "7", "limit": "2"}
    assert [each.query for each in server.asked] == [
        same,
        same | {"cursor": "a+b"},
        same | {"cursor": "a+b"},
        same | {"cursor": "c"},
    ]


def test_pages_are_asked_for_when_one_comes_to_them(client: Client, server: Scripted) -> None:
    server.tell(page(1, 2, following="/api/knowledge?cursor=a"))
    assert len(client("knowledge", first=2)) == 2
    assert len(server.asked) == 1


def test_a_link_leads_nowhere_else(client: Client, server: Scripted) -> None:
    server.tell(page(1, following="https://elsewhere.example/api/audit?cursor=a"), page(2))
    assert len(client("knowledge")) == 2
    assert [(each.path, each.query["cursor"]) for each in server.asked[1:]] == [("/api/knowledge", "a")]


def test_parameters_are_written_as_the_api_reads_them(client: Client, server: Scripted) -> None:
    server.tell(Answer(200, {"items": []}))
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    client("audit", entity_id=UUID(int=7), from_time=noon)
    client("response_metrics", first_day=date(2026, 11, 1), shop=7)
    assert [each.query for each in server.asked] == [
        {"entity_id": str(UUID(int=7)), "from_time": MOMENT, "limit": "50"},
        {"first_day": "2026-11-01", "shop_id": "7"},
    ]


def lot(done: int, *bad: tuple[int, str], problem: Any = None, **counts: int) -> Answer:
    lines: list[Any] = [
        {
            "line": line,
            "problem": {"status": 422, "detail": said, "errors": [{"field": "content", "reason": said}]},
        }
        for line, said in bad
    ]
    lines.append({"done": done, "counts": counts})
    if problem is None:
        lines.append(
            {"finished": True, "done": done, "counts": counts | ({"refused": len(bad)} if bad else {})}
        )
    else:
        lines.append({"finished": False, "done": done, "problem": problem})
    return Answer(200, "".join(json.dumps(each) + "\n" for each in lines).encode())


def test_an_import_goes_in_lots_each_with_its_key(client: Client, server: Scripted) -> None:
    server.tell(lot(500, live=500), lot(498, (3, "is required"), live=490, unchanged=8), lot(1, live=1))
    entries = ({"content": f"Entry {number}", "question": None} for number in range(1001))
    told = client("import_knowledge", entries, source="help", shop=7, idempotency_key="k")
    assert [each.done for each in told] == [500, 998, 999]
    assert told[-1].counts == {"live": 991, "unchanged": 8, "refused": 1}
    assert [[bad.line for bad in each.bad_lines] for each in told] == [[], [503], []]
    assert told[1].bad_lines[0].errors == (Fault("content", "is required"),)
    assert [each.headers["idempotency-key"] for each in server.asked] == ["k/0", "k/500", "k/1000"]
    lines = [json.loads(line) for each in server.asked for line in each.body.splitlines()]
    assert lines == [{"content": f"Entry {number}"} for number in range(1001)]
    assert {(each.path, each.query["source"], each.query["shop_id"]) for each in server.asked} == {
        ("/api/knowledge/import", "help", "7")
    }


def test_nothing_to_import_is_told(client: Client, server: Scripted) -> None:
    server.tell(lot(0))
    assert [each.done for each in client("import_knowledge", [], source="help")] == [0]


def test_no_request_is_made_for_no_entries(client: Client, server: Scripted) -> None:
    server.tell(lot(500, live=500))
    entries = [KnowledgeImported(content="x", source="help", external_id=str(uuid4()))] * 500
    assert [each.done for each in client("import_knowledge", entries, source="help")] == [500]
    assert len(server.asked) == 1


def test_a_lot_that_is_not_finished_is_sent_again(client: Client, server: Scripted) -> None:
    away = {"status": 503, "title": "Service Unavailable", "detail": "the brokers are away"}
    server.tell(lot(0, problem=away), lot(1, live=1))
    assert [each.done for each in client("import_knowledge", [{"content": "x"}], source="help")] == [1]
    assert len({each.headers["idempotency-key"] for each in server.asked}) == 1
    assert len(server.asked) == 2


def test_an_answer_that_ends_early_is_no_success(client: Client, server: Scripted) -> None:
    server.tell(Answer(200, b""))
    with pytest.raises(Unreadable, match="POST /api/knowledge/import was answered otherwise"):
        client("import_knowledge", [{"content": "x"}], source="help")
