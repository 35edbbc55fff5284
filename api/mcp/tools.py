"""The tools: what each is called, what it takes and gives, and what it asks of the API."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from mcp.types import Tool as Listed
from mcp.types import ToolAnnotations

from api.mcp.answers import Answer, Found, Line, Said, Written
from api.mcp.arguments import Arguments, Correction, InShop, Proposal, Search, Why
from api.mcp.asking import Api

G = TypeVar("G", bound=Arguments)

ORIGIN = "assistant"
"""Who says what comes by these tools."""


@dataclass(frozen=True, slots=True)
class Tool(Generic[G]):
    """`work` is the tool; its docstring is what assistants read about it."""

    work: Callable[[Api, G], Awaitable[Answer]]
    title: str
    takes: type[G]
    gives: type[Answer]
    writes: bool

    @property
    def name(self) -> str:
        """By which it is called."""
        return self.work.__name__

    def listed(self) -> Listed:
        """As assistants are told of it."""
        return Listed(
            name=self.name,
            title=self.title,
            description=inspect.getdoc(self.work),
            input_schema=self.takes.model_json_schema(),
            output_schema=self.gives.model_json_schema(),
            annotations=ToolAnnotations(
                read_only_hint=not self.writes,
                destructive_hint=False,
                idempotent_hint=not self.writes,
                open_world_hint=False,
            ),
        )


async def search_knowledge(api: Api, given: Search) -> Found:
    """Find what is known about a question: reviewed answers, best first.

    Search before you answer a customer's question, and answer from what you find. Hits are the nearest there are, not
    necessarily near: judge by question and content whether one really answers. No hits, or none that fits, means that
    nothing is known: say so instead of guessing, and propose the answer once you know it.
    """
    return await api.read(
        "/api/knowledge/search", Found, q=given.query, limit=given.limit, shop_id=given.shop_id or api.shop
    )


async def propose_knowledge(api: Api, given: Proposal) -> Said:
    """Propose knowledge that is missing, for people to review.

    For facts that you have learned and that search_knowledge does not find: one fact or answer each, true without its
    context, without names or data of customers. Nothing that you propose is given to customers before it is approved.
    What is known or proposed already is recognised, so do not propose it again in other words. If an answer that was
    given is wrong, use correct_response.
    """
    return await _said(api, "/api/knowledge", given, {"origin": ORIGIN})


async def correct_response(api: Api, given: Correction) -> Said:
    """Report that an answer in a conversation was wrong, and what would have been right.

    For when somebody who knows (an owner, an expert, a document) contradicts what was answered. Do not correct by
    your own guess. A reviewer decides whether the correction becomes knowledge.
    """
    return await _said(api, "/api/feedback/correction", given, {"metadata": {"origin": ORIGIN}})


async def why(api: Api, given: Why) -> Line:
    """Tell where knowledge comes from: who said what, what was decided about it, by which policy, who approved it.

    Takes the id of a hit of search_knowledge, or of an item that propose_knowledge or correct_response told of.
    Needs a key that may look at the history (reviewer, analyst, admin).
    """
    return await api.read(f"/api/why/{quote(given.id, safe=':')}", Line)


TOOLS: Mapping[str, Tool[Any]] = {
    tool.name: tool
    for tool in (
        Tool(search_knowledge, "Search knowledge", Search, Found, writes=False),
        Tool(propose_knowledge, "Propose knowledge", Proposal, Said, writes=True),
        Tool(correct_response, "Correct a response", Correction, Said, writes=True),
        Tool(why, "Tell where knowledge comes from", Why, Line, writes=False),
    )
}


async def _said(api: Api, path: str, given: InShop, more: Mapping[str, Any]) -> Said:
    body = {"shop_id": api.shop, **given.model_dump(mode="json", exclude_none=True), **more}
    written = await api.say(path, {name: value for name, value in body.items() if value is not None}, Written)
    return written.said
