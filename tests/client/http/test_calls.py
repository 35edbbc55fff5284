"""The client's calls are the API's operations: none is forgotten, none has another parameter, body or path."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from api.app import app_of
from api.services import Services
from relearn_client.http import AsyncHttpClient, HttpClient
from relearn_client.http.call import Call
from relearn_client.http.calls import importing, reading, reporting, reviewing
from relearn_client.http.following import Feed

LEFT_OUT = {("POST", "/api/events")}
"""Any SDK of CloudEvents speaks it."""

AT_ONCE = {"cursor", "thumbs"}
"""What callers need not name: cursors come from answers, and thumbs are a feedback type in other words."""

MODULES = (reporting, reviewing, reading, importing)
SPECIAL: Mapping[str, Any] = {
    "action": "approve",
    "assigned": "me",
    "days": 7,
    "domain": "executions",
    "entries": [{"content": "x"}],
    "event": None,
    "items": [uuid4()],
    "limit": 7,
    "page_size": 7,
    "policy": {},
    "shop": 7,
    "wait": 1,
}
"""Something to say for each parameter that takes no words."""

EVENTS: Mapping[str, Mapping[str, Any]] = {
    "conversation": {"conversation_id": uuid4(), "user_id": "ann", "channel": "web", "messages": []},
    "call": {"transcript": "x"},
    "response": {"conversation_id": uuid4(), "response_text": "x", "response_type": "text"},
    "feedback": {"conversation_id": uuid4(), "feedback_type": "emoji"},
    "correction": {"conversation_id": uuid4(), "corrected_answer": "x"},
    "propose": {"content": "x"},
    "task_routed": {
        "task_id": "t", "task_type": "x", "task_description": "x", "repo": "x", "file_count": 1,
        "estimated_tokens": 1, "model_tier": "x", "pool_type": "x", "routing_confidence": 1.0,
    },
    "task_started": {"task_id": "t", "pool_id": "x", "started_at": "2026-11-22T12:00:00Z"},
    "task_completed": {"task_id": "t", "success": True, "duration_seconds": 1.0},
    "task_feedback": {"task_id": "t", "by": "ann"},
}  # fmt: skip
"""What each report has to say."""


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """The API's own document, by method and path."""
    nothing: dict[str, Any] = dict.fromkeys(each.name for each in fields(Services))
    paths = app_of(Services(**nothing)).openapi()["paths"]
    return {(method.upper(), path): each for path, said in paths.items() for method, each in said.items()}


def functions() -> Iterator[tuple[str, Callable[..., Call[Any]]]]:
    """Every function that makes a call."""
    for module in MODULES:
        yield from of_module(module)


def of_module(module: ModuleType) -> Iterator[tuple[str, Callable[..., Call[Any]]]]:
    for name, made in inspect.getmembers(module, inspect.isfunction):
        if made.__module__ == module.__name__ and not name.startswith("_"):
            yield name, made


CALLS = dict(functions())


def made(name: str) -> Call[Any]:
    """A call that says all that can be said."""
    parameters = inspect.signature(CALLS[name]).parameters.values()
    positional = [
        value(each.name) for each in parameters if each.default is each.empty and is_positional(each)
    ]
    named = {each.name: value(each.name) for each in parameters if each.kind is each.KEYWORD_ONLY}
    return CALLS[name](*positional, **named, **EVENTS.get(name, {}))


def is_positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def value(name: str) -> Any:
    return SPECIAL.get(name, uuid4())


def operation_of(call: Call[Any]) -> tuple[str, str]:
    """Of the operations that have such a path, the one that names most of it itself."""
    fitting = [
        (method, path)
        for method, path in operations()
        if method == call.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), call.path)
    ]
    return min(fitting, key=lambda each: each[1].count("{"))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_says_what_its_operation_takes(name: str) -> None:
    call = made(name)
    operation = operations()[operation_of(call)]
    queries = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    assert {each for each, _ in call.query} == queries - AT_ONCE
    content = operation.get("requestBody", {}).get("content", {})
    assert set(content) == ({call.headers["content-type"]} if call.is_write else set())
    if "application/json" in content:
        properties = content["application/json"]["schema"]["properties"]
        told = set(orjson.loads(call.body or b"{}"))
        parameters = inspect.signature(CALLS[name]).parameters
        assert told <= set(properties)
        assert name in EVENTS or told == set(properties) - AT_ONCE, "what it cannot say"
        assert ("shop" in parameters) == ("shop_id" in properties)


def test_every_operation_has_its_call() -> None:
    reached = [operation_of(made(name)) for name in CALLS]
    reached.append(operation_of(Feed((), None).connecting()))
    assert sorted(reached) == sorted(operations().keys() - LEFT_OUT)


def test_both_clients_have_every_call_under_its_name() -> None:
    for kind in (HttpClient, AsyncHttpClient):
        methods = {name for name in vars(kind) if not name.startswith("_")}
        assert methods - {"close", "do", "follow"} == CALLS.keys()
        for name, function in CALLS.items():
            method = getattr(kind, name)
            assert (method.__doc__, inspect.signature(method)) == (
                function.__doc__,
                inspect.signature(function),
            )


def test_words_in_a_path_stay_there() -> None:
    assert reading.why("a/b?c").path == "/api/why/a%2Fb%3Fc"
    assert reading.why("3:17").path == "/api/why/3:17"
    assert reading.why(UUID(int=7)).path == f"/api/why/{UUID(int=7)}"
