"""What routes work with, for as long as the API serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from asyncpg import Pool
from fastapi import Request

from api.accepting import Accepting
from api.bounds import Limits
from api.callers import Doorkeeper
from api.embedding import Questions
from api.idempotency import Answers
from api.meters import Meters
from api.writing import Writing
from projections.executions.queries import ExecutionQueries
from projections.learning.history import LearningHistory
from projections.learning.metrics import LearningMetrics
from projections.learning.queries import LearningQueries
from projections.lineage import Lineage
from projections.projection import Projection
from projections.visible import Visible
from runtime.clock import Clock
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """`pools`: by domain, of connections to its tables."""

    settings: Settings
    clock: Clock
    pools: Mapping[str, Pool]
    learning: LearningQueries
    history: LearningHistory
    metrics: LearningMetrics
    executions: ExecutionQueries
    projections: Mapping[str, Projection]
    lineages: Mapping[str, Lineage]
    questions: Questions
    visible: Mapping[str, Visible]
    writing: Writing
    accepting: Accepting
    answers: Answers
    doorkeeper: Doorkeeper
    limits: Limits
    meters: Meters


def services(request: Request) -> Services:
    """Those of the app that serves this request."""
    return cast(Services, request.app.state.services)
