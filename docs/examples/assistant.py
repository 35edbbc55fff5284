"""An assistant that answers from what a shop knows, and lets relearn hear how its answers fared.

    RELEARN_API_URL=http://127.0.0.1:8080 RELEARN_API_KEY=relearn_… python docs/examples/assistant.py CUSTOMER

Ask; then say what you think of the answer: `+`, `-`, or `- what is wrong`, `= what is right`. An empty line ends it.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

from relearn_client.http import Accepted, Hit, HttpClient, RelearnError

SURE = 0.6
"""From this cosine on knowledge is taken for an answer. Below it a model, or a person, should be asked."""

UNKNOWN = "I don't know. I will ask the owner."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and from which knowledge."""

    question: str
    words: str
    cited: tuple[UUID, ...]


class Assistant:
    """Speaks with one customer in one conversation."""

    def __init__(self, relearn: HttpClient, customer: str) -> None:
        self._relearn, self._customer = relearn, customer
        self._conversation = uuid4()

    def answer(self, question: str) -> Answer:
        """Answers from the knowledge base, and records that it did."""
        began = time.monotonic()
        hits = [hit for hit in self._relearn.search(question).items if is_sure(hit)]
        # Here a language model would put the best hits into words; each that it used belongs into `cited`.
        answer = Answer(question, hits[0].content if hits else UNKNOWN, tuple(hit.id for hit in hits[:1]))
        self._relearn.response(
            conversation_id=self._conversation,
            actor_id=self._customer,
            response_text=answer.words,
            response_type="knowledge" if hits else "unknown",
            cited_knowledge_ids=answer.cited,
            response_time_ms=round((time.monotonic() - began) * 1000),
        )
        return answer

    def hear(self, answer: Answer, reaction: str) -> Accepted:
        """Sends what the customer thinks of an answer.

        Raises:
            ValueError: if nobody can tell what they think.
        """
        mark, words = reaction[:1], reaction[1:].strip() or None
        if mark not in ("+", "-", "="):
            raise ValueError("say + or - or =")
        return self._relearn.feedback(
            conversation_id=self._conversation,
            actor_id=self._customer,
            feedback_type="thumbs_up" if mark == "+" else "thumbs_down",
            # Both stand in the event, so that what is learned from it stands alone.
            question=answer.question,
            response=answer.words,
            reason=words if mark == "-" else None,
            suggested_answer=words if mark == "=" else None,
            # What was cited is no evidence for itself; a complaint about it disputes it.
            cited_knowledge_ids=answer.cited,
        )


def is_sure(hit: Hit) -> bool:
    """Whether this answers the question. Without a model on the other side, shared words have to do."""
    return hit.words_share == 1 if hit.similarity is None else hit.similarity >= SURE


def main() -> None:
    """One conversation on the terminal."""
    (customer,) = sys.argv[1:] or ["customer-1"]
    with HttpClient(os.environ["RELEARN_API_URL"], os.environ["RELEARN_API_KEY"]) as relearn:
        assistant = Assistant(relearn, customer)
        while question := ask("> "):
            try:
                answer = assistant.answer(question)
                print(answer.words)
                if reaction := ask("? "):
                    assistant.hear(answer, reaction)
            except (RelearnError, ValueError) as error:
                print(f"({error})")


def ask(prompt: str) -> str:
    """A line of the customer's; empty at the end."""
    try:
        return input(prompt).strip()
    except EOFError:
        return ""


if __name__ == "__main__":
    main()
