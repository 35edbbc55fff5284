"""Knowledge in bulk: lots, each of which is sent again as a whole until it is visible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx

from relearn_client.http.answers.told import Told
from relearn_client.http.answers.writing import BadLine, Imported
from relearn_client.http.call import Call, Page, as_json
from relearn_client.http.problems import problem_from
from relearn_client.models import KnowledgeImported

NDJSON = "application/x-ndjson"
LOT = 500
"""Entries in one request: as many as the API lets wait at once to become visible."""

LOT_SECONDS = 30.0
"""How long the API lets one lot take."""


def import_knowledge(
    entries: Iterable[KnowledgeImported | Mapping[str, Any]],
    *,
    source: str,
    shop: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Page[Imported]]:
    """Entries become knowledge at once, without a review, and no faster than they become visible.

    Tells how far it is after each 500. An entry with the source and `external_id` of another replaces it; one that
    says the same is left alone, so that an import may be repeated.
    """
    return _Import(iter(entries), source, shop, idempotency_key or str(uuid4())).first()


class _Import:
    """One import, in calls that follow each other."""

    def __init__(
        self,
        entries: Iterator[KnowledgeImported | Mapping[str, Any]],
        source: str,
        shop: int | None,
        key: str,
    ) -> None:
        self._entries, self._key = entries, key
        self._query = (("source", source), *(() if shop is None else (("shop_id", str(shop)),)))

    def first(self) -> Call[Page[Imported]]:
        """The call with the first entries; with none, it tells that nothing came."""
        return self._call(self._lot(), 0, Imported(done=0, counts={}, bad_lines=()))

    def _lot(self) -> list[bytes]:
        return [_line(each) for each in islice(self._entries, LOT)]

    def _call(self, lines: list[bytes], sent: int, before: Imported) -> Call[Page[Imported]]:
        def read(response: httpx.Response) -> Page[Imported]:
            so_far = _after(before, sent, response)
            return Page((so_far,), lambda: self._next(sent + len(lines), so_far))

        # Each lot has a key of its own: it is a request of its own.
        headers = {"content-type": NDJSON, "idempotency-key": f"{self._key}/{sent}"}
        body = b"\n".join(lines)
        return Call("POST", "/api/knowledge/import", read, self._query, body, headers, LOT_SECONDS)

    def _next(self, sent: int, before: Imported) -> Call[Page[Imported]] | None:
        lines = self._lot()
        return self._call(lines, sent, before) if lines else None


class _Line(Told):
    """What the API says of a lot, a line at a time."""

    finished: bool | None = None
    done: int = 0
    counts: Mapping[str, int] = {}
    line: int = 0
    problem: Mapping[str, Any] | None = None


def _line(entry: KnowledgeImported | Mapping[str, Any]) -> bytes:
    return as_json(entry.model_dump(mode="json") if isinstance(entry, KnowledgeImported) else entry)


def _after(before: Imported, sent: int, response: httpx.Response) -> Imported:
    """How far an import is after this lot, before which so many entries were sent.

    Raises:
        Problem: if the lot was not finished.
        ValueError: if that cannot be read.
    """
    *lines, last = [_Line.model_validate_json(line) for line in response.content.splitlines() if line.strip()]
    if not last.finished:
        raise problem_from(last.problem or {}, httpx.codes.SERVICE_UNAVAILABLE)
    return Imported(
        done=before.done + last.done,
        counts=Counter(before.counts) + Counter(last.counts),
        bad_lines=tuple(_bad(sent + each.line, each.problem) for each in lines if each.problem is not None),
    )


def _bad(line: int, problem: Mapping[str, Any]) -> BadLine:
    found = problem_from(problem, httpx.codes.BAD_REQUEST)
    return BadLine(line=line, detail=found.detail, errors=found.errors)
