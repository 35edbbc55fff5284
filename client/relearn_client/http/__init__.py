"""The HTTP API of relearn: to report, to search, to review and to look back. Needs the extra `http`."""

try:
    import httpx as _httpx
    import tenacity as _tenacity
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}: install relearn-client[http]", name=error.name) from error

from relearn_client.http.answers.audit import AuditEntry, Change, OutcomeEvent
from relearn_client.http.answers.knowledge import Found, Hit, Knowledge, KnowledgePiece
from relearn_client.http.answers.queue import Item, QueueEntry
from relearn_client.http.answers.writing import Accepted, BadLine, Decided, Imported, Outcome
from relearn_client.http.awaiting import AsyncHttpClient
from relearn_client.http.blocking import HttpClient
from relearn_client.http.problems import (
    BadRequest,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Passing,
    Problem,
    RelearnError,
    ServerFailed,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unreachable,
    Unreadable,
)

del _httpx, _tenacity

__all__ = [
    "Accepted",
    "AsyncHttpClient",
    "AuditEntry",
    "BadLine",
    "BadRequest",
    "Change",
    "Decided",
    "Fault",
    "Forbidden",
    "Found",
    "Hit",
    "HttpClient",
    "Imported",
    "Invalid",
    "Item",
    "Knowledge",
    "KnowledgePiece",
    "NotFound",
    "Outcome",
    "OutcomeEvent",
    "Passing",
    "Problem",
    "QueueEntry",
    "RelearnError",
    "ServerFailed",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Unreadable",
]
