"""Where in an event the words stand that are compared, embedded and stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

ERASED = "[erased]"
"""What stands where words were that had to go and something has to stand."""


def words_at(data: Any, part: str | None) -> str | None:
    """The text of an event's data that a part names.

    `question`, `answer`, `complaint` and `response` name the fields that play this role in each type;
    `turn/3` is the content of messages[3]. Returns None where the event says nothing there.
    """
    if part is None:
        return None
    if part.startswith("turn/"):
        return str(data.messages[int(part.removeprefix("turn/"))].content)
    for name in FIELDS.get((data.TYPE, part), ()):
        value = getattr(data, name)
        if value is not None and value.strip():
            return str(value)
    return None


FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("relearn.feedback.given.v1", "question"): ("question",),
    ("relearn.feedback.given.v1", "answer"): ("suggested_answer",),
    ("relearn.feedback.given.v1", "complaint"): ("reason",),
    ("relearn.feedback.given.v1", "response"): ("response",),
    ("relearn.response.corrected.v1", "question"): ("question",),
    ("relearn.response.corrected.v1", "answer"): ("corrected_answer",),
    ("relearn.call.transcribed.v2", "question"): ("question",),
    ("relearn.call.transcribed.v2", "answer"): ("suggested_answer",),
    ("relearn.call.transcribed.v2", "complaint"): ("processed_summary", "transcript"),
    ("relearn.knowledge.proposed.v1", "question"): ("question",),
    ("relearn.knowledge.proposed.v1", "answer"): ("content",),
    ("relearn.knowledge.imported.v1", "question"): ("question",),
    ("relearn.knowledge.imported.v1", "answer"): ("content",),
    ("relearn.item.approved.v1", "answer"): ("edited_content",),
    ("relearn.knowledge.edited.v1", "question"): ("question",),
    ("relearn.knowledge.edited.v1", "answer"): ("content",),
}
"""Which fields play which part, in order of preference."""


def transcript_of(messages: Any) -> str:
    """A conversation as one readable text, a line per turn."""
    return "\n".join(f"{message.role}: {message.content}" for message in messages)


TURN = re.compile(r"^(user|assistant|owner): ", re.MULTILINE)


class Exchange(NamedTuple):
    """What was asked last before an answer, and the answer; None where there was none."""

    question: str | None
    answer: str | None


def last_exchange(transcript: str) -> Exchange:
    """The last answer of the assistant in such a text, and what the user had said before it."""
    turns = _turns(transcript)
    answered = [place for place, (role, _) in enumerate(turns) if role == "assistant"]
    if not answered:
        return Exchange(None, None)
    asked = [words for role, words in turns[: answered[-1]] if role == "user"]
    return Exchange(asked[-1] if asked else None, turns[answered[-1]][1])


def _turns(transcript: str) -> Sequence[tuple[str, str]]:
    found = list(TURN.finditer(transcript))
    ends = [each.start() - 1 for each in found[1:]] + [len(transcript)]
    return [(each[1], transcript[each.end() : end]) for each, end in zip(found, ends, strict=False)]
