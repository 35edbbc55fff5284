"""A small HTTP server that answers what a test tells it to, one answer for each request, and remembers what came."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

EVENT_ID = "3f0d5bd1-8c1f-4b52-9d53-4f7b4f0d4c11"
POSITION = {"topic": "learning.events", "partition": 0, "offset": 7}
ACCEPTED = {"event_id": EVENT_ID, "position": POSITION}
DECIDED = ACCEPTED | {"record": {"partition": 0, "offset": 17}, "refused": None, "outcomes": []}
FOUND = {"by_meaning": True, "items": []}

LONG_SECONDS = 20.0
"""For who waits for an answer that does not come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: bytes as they are, anything else as JSON."""

    status: int = 200
    said: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Whether the connection is cut after what is said, with more announced; with nothing said, before it began."""
    silent: bool = False
    """Whether nothing is answered, while the connection stands."""


CUT = Answer(cut=True)
SILENT = Answer(silent=True)


def problem(status: int, detail: str = "", *errors: tuple[str, str], **headers: str) -> Answer:
    """A problem document."""
    said: dict[str, Any] = {"type": "about:blank", "title": "A title", "status": status, "detail": detail}
    if errors:
        said["errors"] = [{"field": name, "reason": reason} for name, reason in errors]
    kind = {"content-type": "application/problem+json"}
    return Answer(status, said, kind | {name.replace("_", "-"): each for name, each in headers.items()})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Headers by their names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)


class Scripted:
    """The server while it serves."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        self.over = threading.Event()

    def tell(self, *answers: Answer) -> None:
        """What is answered next; the last one from then on."""
        self.answers[:] = answers

    def next(self) -> Answer:
        """The answer of this request."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A server on a free port, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *said: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): each for name, each in self.headers.items()}
            serving.asked.append(Asked(self.command, path.path, dict(parse_qsl(path.query)), headers, body))
            answer = serving.next()
            if answer.silent:
                serving.over.wait(LONG_SECONDS)
            if answer == CUT or answer.silent:
                self.close_connection = True
                return
            said = answer.said if isinstance(answer.said, bytes) else json.dumps(answer.said).encode()
            self.send_response(answer.status)
            self.send_header("content-length", str(len(said) + (100 if answer.cut else 0)))
            for name, each in answer.headers.items():
                self.send_header(name, each)
            self.end_headers()
            self.wfile.write(said)
            self.close_connection = answer.cut

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = Scripted(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield serving
    finally:
        serving.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
