"""The tools over both transports, against the real API with real parts behind it."""

from __future__ import annotations

from typing import Any, get_args
from uuid import uuid4

import httpx
import orjson
import pytest
from mcp import MCPError

from tests.api.mcp.talking import Way, called, refused, talking
from tests.api.served import Served

SHOP, FOREIGN = 31, 32
WAIT = {"prefer": "wait=30"}

TOPICS = {"handshake": "gift vouchers", "envelope": "cargo bikes", "stdio": "school visits"}
"""What each way talks about: what one has said is not new to the next."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def service(api: Served) -> str:
    """The key of a service of one shop."""
    return api.key("service", SHOP)[1]


@pytest.fixture(scope="module")
def reviewer(api: Served) -> str:
    return api.key("reviewer", SHOP)[1]


def know(admin: httpx.Client, question: str, answer: str, shop: int = SHOP) -> None:
    told = admin.post(
        "/api/knowledge/import",
        params={"source": "handbook", "shop_id": shop},
        headers={"content-type": "application/x-ndjson"},
        content=orjson.dumps({"question": question, "content": answer}),
    )
    assert orjson.loads(told.text.splitlines()[-1])["finished"], told.text


def talked(admin: httpx.Client, question: str, answer: str) -> str:
    """The id of a conversation with these words."""
    conversation = str(uuid4())
    words = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    body = {"conversation_id": conversation, "user_id": "ann", "channel": "web", "messages": words}
    told = admin.post("/api/conversations", json={"shop_id": SHOP, **body}, headers=WAIT)
    assert told.status_code == 200, told.text
    return conversation


def item_of(said: dict[str, Any]) -> str:
    """The item that was made of what was said."""
    assert said["decided"]
    (item,) = [each["item_id"] for each in said["outcomes"] if each["kind"] == "ItemProposed"]
    return str(item)


def event_of(admin: httpx.Client, item: str) -> dict[str, Any]:
    """The data of the event that an item came of."""
    told = admin.get(f"/api/why/{item}").json()
    return {name: value for name, value in told["history"][0]["event"]["data"].items() if value}


@pytest.mark.parametrize("way", get_args(Way))
async def test_an_assistant_finds_proposes_and_corrects(
    api: Served, admin: httpx.Client, service: str, way: Way
) -> None:
    topic = TOPICS[way]
    question, answer = f"What do {topic} cost?", f"We charge 25 euros for {topic}."
    know(admin, question, answer)
    conversation = talked(admin, f"Can I cancel {topic}?", "No, never.")
    async with talking(way, api.url, service) as client:
        found = await called(client, "search_knowledge", query=f"price of {topic}", limit=3)
        assert (found["items"][0]["question"], found["items"][0]["content"]) == (question, answer)

        said = await called(client, "propose_knowledge", question=question, content=answer)
        assert [each["kind"] for each in said["outcomes"]] == ["EchoIgnored"]

        new = {
            "question": f"Who may book {topic}?",
            "content": f"Only adults may book {topic}.",
            "note": "asked at the counter",
        }
        said = await called(client, "propose_knowledge", **new)
        assert event_of(admin, item_of(said)) == new | {"origin": "assistant"}

        right = f"Yes, {topic} can be cancelled for two weeks."
        corrected = {"conversation_id": conversation, "corrected_answer": right, "actor_id": "owner"}
        said = await called(client, "correct_response", **corrected)
        assert event_of(admin, item_of(said)) == corrected | {
            "question": f"Can I cancel {topic}?",
            "original_response": "No, never.",
            "priority": "normal",
            "metadata": {"origin": "assistant"},
        }


@pytest.mark.parametrize("way", ["handshake", "stdio"])
async def test_what_is_refused_is_told_in_the_words_of_the_api(
    api: Served, admin: httpx.Client, service: str, way: Way
) -> None:
    know(admin, "What is the secret of the other shop?", "It is a secret.", FOREIGN)
    async with talking(way, api.url, service) as client:
        foreign = f"shop {FOREIGN} is not one of yours"
        assert await refused(client, "search_knowledge", query="secret", shop_id=FOREIGN) == foreign
        assert await refused(client, "propose_knowledge", content="x", shop_id=FOREIGN) == foreign
        found = await called(client, "search_knowledge", query="secret of the other shop", limit=50)
        assert "It is a secret." not in str(found)
        unknown = {"conversation_id": str(uuid4()), "corrected_answer": "x"}
        assert await refused(client, "correct_response", **unknown) == (
            "original_response: is required: no answer is known of this conversation"
        )
        assert await refused(client, "correct_response", **unknown, priority="urgent") == (
            "priority: Input should be 'low', 'normal' or 'high'"
        )
        assert await refused(client, "why", id=str(uuid4())) == "role service may not look"
        assert await refused(client, "search_knowledge", limit=99, shop=SHOP) == (
            "query: Field required; limit: Input should be less than or equal to 50; "
            "shop: Extra inputs are not permitted"
        )
        with pytest.raises(MCPError, match="there is no tool forget"):
            await client.call_tool("forget", {})


async def test_whoever_may_look_is_told_the_whole_line(
    api: Served, admin: httpx.Client, reviewer: str
) -> None:
    async with talking("envelope", api.url, reviewer) as client:
        said = await called(client, "propose_knowledge", content="We are closed on Whit Monday.")
        item = await called(client, "why", id=item_of(said))
        assert (item["entity"], item["shop_id"], item["now"]["status"]) == ("item", SHOP, "pending")
        place = item["history"][0]["record"]
        decision = await called(client, "why", id=f"{place['partition']}:{place['offset']}")
        assert decision["event"]["id"] == said["event_id"]
        assert [each["kind"] for each in decision["outcomes"]] == ["ItemProposed"]
        assert [each["id"] for each in decision["line"]] == [item["id"]]
        assert await refused(client, "why", id="x?y=1") == "nothing was decided about x?y=1"


async def test_a_shop_that_is_named_at_the_start_is_meant_by_every_call(
    api: Served, admin: httpx.Client
) -> None:
    asked, answer = "When is the other shop open?", "On Sundays alone."
    know(admin, asked, answer, FOREIGN)
    key = admin.headers["authorization"].removeprefix("Bearer ")
    async with talking("stdio", api.url, key, "--shop", str(FOREIGN)) as client:
        found = await called(client, "search_knowledge", query=asked)
        assert found["items"][0]["content"] == answer
        assert answer not in str(await called(client, "search_knowledge", query=asked, shop_id=SHOP))


async def test_strangers_are_told_so(api: Served) -> None:
    unknown = "this key is unknown, revoked or expired"
    async with talking("stdio", api.url, "relearn_nobody") as client:
        assert await refused(client, "search_knowledge", query="x") == unknown
    with pytest.raises(ExceptionGroup) as error:
        async with talking("handshake", api.url, "relearn_nobody"):
            pass
    assert [str(each) for each in leaves(error.value)] == [unknown]


def leaves(error: BaseException) -> list[BaseException]:
    """What failed, out of the groups in which a client wraps it."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]
