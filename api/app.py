"""The app: every route, with what is around it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from api.problems import answer_problems
from api.routes.assisting import assisted, assisting
from api.routes.cloudevents import cloudevents
from api.routes.feedback import feedback
from api.routes.governing import governing
from api.routes.importing import importing
from api.routes.knowing import knowing
from api.routes.looking import looking
from api.routes.queue import queue
from api.routes.reporting import reporting
from api.routes.reviewing import reviewing
from api.routes.streaming import streaming
from api.services import Services
from api.surroundings import Surroundings

OPENAPI = "/api/openapi.json"
DOCS = "/api/docs"

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)
"""Nothing comes from elsewhere: the page works offline."""


def app_of(known: Services) -> FastAPI:
    """The app that works with these services."""
    app = FastAPI(
        title="relearn",
        version="0.1.0",
        summary="What an assistant learned, from whom, who approved it, and how to undo it.",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=assisted,
    )
    app.state.services = known
    app.state.doorkeeper, app.state.limits = known.doorkeeper, known.limits
    writes = (importing, reporting, feedback, cloudevents, reviewing, governing)
    for part in (*writes, queue, knowing, looking, streaming, assisting):
        app.include_router(part(), prefix="/api")
    app.include_router(_documentation())
    app.mount(f"{DOCS}/assets", StaticFiles(packages=[("fastapi_swagger", "resources")]))
    answer_problems(app)
    app.add_middleware(Surroundings, clock=known.clock, meters=known.meters)
    return app


def _documentation() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    pages = files("api") / "pages"

    def page(path: str, name: str, kind: str) -> None:
        text = (pages / name).read_text(encoding="utf-8")
        headers: dict[str, Any] = {"content-security-policy": DOCS_POLICY}
        router.add_api_route(path, lambda: HTMLResponse(text, headers=headers, media_type=kind))

    page(DOCS, "docs.html", "text/html")
    page(f"{DOCS}/docs.js", "docs.js", "text/javascript")
    return router
