"""The stream of outcomes as it comes: server-sent events, and where to go on when the line breaks.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx
from pydantic_core import from_json

from relearn_client.http.answers.audit import OutcomeEvent
from relearn_client.http.call import Call, pairs
from relearn_client.http.problems import Unreadable

SILENCE_SECONDS = 45.0
"""The API says at least something every 15 seconds."""

PAUSE_SECONDS = 2.0


class Feed:
    """One stream over all its connections."""

    def __init__(self, shops: Iterable[int], after: str | None) -> None:
        """`after`: the `stream_id` after which to begin; None: with what is decided from now on."""
        self.pause = PAUSE_SECONDS
        """Seconds to wait before connecting anew, as the API asks for."""
        self._query, self._last_id = pairs({"shop_id": list(shops)}), after
        self._rest, self._id, self._data = b"", after, list[bytes]()

    def connecting(self) -> Call[None]:
        """The call that begins, or goes on where the line broke."""
        self._rest, self._id, self._data = b"", self._last_id, []
        headers = {"accept": "text/event-stream"}
        if self._last_id is not None:
            headers["last-event-id"] = self._last_id
        return Call("GET", "/api/stream", _unread, self._query, headers=headers, silence=SILENCE_SECONDS)

    def take(self, piece: bytes) -> Iterator[OutcomeEvent]:
        """The outcomes that are whole with this piece of the answer.

        Raises:
            Unreadable: if one is none.
        """
        # By this byte alone: within JSON stand characters that other ways of splitting take for ends of lines.
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line:
                self._field(line)
            else:
                # Not before the event is whole: after one that was cut, none of it has been heard.
                self._last_id = self._id
                if self._data:
                    yield self._outcome()

    def _field(self, line: bytes) -> None:
        name, _, said = line.partition(b":")
        said = said.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(said)
            case b"id":
                self._id = said.decode("ascii", "replace")
            case b"retry" if said.isdigit():
                self.pause = int(said) / 1000

    def _outcome(self) -> OutcomeEvent:
        data, self._data = b"\n".join(self._data), []
        try:
            return OutcomeEvent.model_validate({**from_json(data), "stream_id": self._last_id})
        except (ValueError, TypeError) as error:
            raise Unreadable(f"the stream told what is no outcome: {error}") from error


def _unread(response: httpx.Response) -> None:
    """The answer is taken piece by piece."""
