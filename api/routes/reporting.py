"""What services report: conversations, calls, responses, what people thought of them, and tasks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.bounds import object_of
from api.callers import Reporter
from api.declared import schema_of, takes
from api.responses import WRITTEN
from api.routes.saying import say
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded
from schemas.event import EventData
from schemas.knowledge import KnowledgeProposed
from schemas.response import ResponseServed
from schemas.task import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted

REPORTS: tuple[tuple[str, type[EventData]], ...] = (
    ("/conversations", ConversationRecorded),
    ("/transcripts", CallTranscribed),
    ("/responses", ResponseServed),
    ("/knowledge", KnowledgeProposed),
    ("/tasks/routed", TaskRouted),
    ("/tasks/started", TaskStarted),
    ("/tasks/completed", TaskCompleted),
    ("/tasks/feedback", TaskFeedbackGiven),
)
"""Whose bodies are the data of one event."""


def reporting() -> APIRouter:
    """One route for each."""
    router = APIRouter(tags=["report"])
    for path, kind in REPORTS:
        _add(router, path, kind)
    return router


def _add(router: APIRouter, path: str, kind: type[EventData]) -> None:
    async def report(request: Request, caller: Reporter) -> Response:
        return await say(request, caller, kind, await object_of(request))

    router.add_api_route(
        path,
        report,
        methods=["POST"],
        status_code=202,
        name=kind.__name__,
        summary=(kind.__doc__ or "").partition("\n")[0],
        openapi_extra=takes("report", body=schema_of(kind)),
        responses=WRITTEN,
    )
