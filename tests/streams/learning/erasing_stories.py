"""Histories in which people say things, reviewers decide, and some are erased. Every text says whose it is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.conversation import ConversationRecorded
from schemas.event import EventData
from schemas.knowledge import KnowledgeImported
from schemas.review import SubjectErased
from tests.streams.learning.said import complaint, conversation, correction, erase, proposal
from tests.streams.learning.story import Story, name
from tests.streams.learning.test_properties import ADOPTIONS, REVIEWS, review

PEOPLE = ("ann", "bob")
THREADS = ("of ann", "of bob", "of nobody")
"""Conversations, by whom they are recorded for."""

TOPICS = st.sampled_from(["a", "b"])
ANSWERS = st.sampled_from(["x|1 day", "x|2 days", "y|other"])
WHO = st.sampled_from([*PEOPLE, None])
THREAD = st.sampled_from(THREADS)


def marked(text: str, who: str | None, thread: str | None = None) -> str:
    """A text that says who says it, and in which conversation."""
    return f"{text} ~{who} ~{thread}"


def _complaint(topic: str, answer: str | None, who: str | None, thread: str, reason: bool) -> EventData:
    return complaint(
        marked(f"{topic}|?", who, thread),
        who,
        conversation=thread,
        suggested_answer=answer and marked(answer, who, thread),
        reason=marked("bad|", who, thread) if reason else None,
        metadata={"from": marked("", who, thread)},
    )


def _correction(topic: str | None, answer: str, who: str | None, thread: str, urgent: bool) -> EventData:
    question = topic and marked(f"{topic}|?", who, thread)
    return correction(
        question,
        marked(answer, who, thread),
        "urgent" if urgent else "normal",
        by=who,
        conversation=thread,
    )


def _talk(topic: str, answer: str, thread: str, turns: int) -> EventData:
    said = [
        ("user", marked(f"{topic}|how?", None, thread)),
        ("owner", marked(answer, None, thread)),
        ("user", marked("thanks|", None, thread)),
    ]
    made = conversation(thread, *said[:turns], summary=marked("sum|", None, thread))
    return made.model_copy(update={"user_id": thread.removeprefix("of ")})


def _import(topic: str, answer: str, who: str | None, id: str | None) -> EventData:
    return KnowledgeImported(
        content=marked(answer, who),
        question=marked(f"{topic}|?", who),
        source="faq",
        external_id=id,
        actor_id=who,
    )


SAID = st.one_of(
    st.builds(_complaint, TOPICS, st.none() | ANSWERS, WHO, THREAD, st.booleans()),
    st.builds(_correction, st.none() | TOPICS, ANSWERS, WHO, THREAD, st.booleans()),
    st.builds(_talk, TOPICS, ANSWERS, THREAD, st.integers(1, 3)),
    st.builds(lambda t, a, w: proposal(marked(a, w), marked(f"{t}|?", w), actor_id=w), TOPICS, ANSWERS, WHO),
    st.builds(_import, TOPICS, ANSWERS, WHO, st.sampled_from([None, "q1", "q2"])),
)
ERASURES = st.one_of(
    st.builds(erase, st.sampled_from(PEOPLE)), st.builds(lambda t: erase(conversation=t), THREAD)
)
HISTORIES = st.lists(SAID | REVIEWS | ADOPTIONS | ERASURES, max_size=30)
SUBJECTS = ERASURES


def tell(history: list[Any], *last: EventData, shop: int = 7) -> Story:
    """Tells a history; reviews look at what is there when they come."""
    story = Story(shop=shop)
    for n, step in enumerate((*history, *last)):
        event = review(story, *step) if isinstance(step, tuple) else step
        if event is not None:
            story.tell(event, id=name(f"{n}"))
    return story


def marks(story: Story, subject: SubjectErased) -> list[str]:
    """What stands in all texts of a subject, and in no others."""
    if (who := subject.erased_actor_id) is not None:
        return [f"~{who} ", *([f"~of {who}"] if is_known(story, who) else [])]
    return [f"~{thread}" for thread in THREADS if name(thread) == subject.erased_conversation_id]


def is_known(story: Story, who: str) -> bool:
    """Whether the conversation of this person was recorded for them, and not erased since, before the last event."""
    known = False
    for record in story.records[1:-1]:
        match record.event and record.event.data:
            case ConversationRecorded(user_id=user) if user == who:
                known = True
            case SubjectErased(erased_actor_id=person, erased_conversation_id=thread):
                known = known and person != who and thread != name(f"of {who}")
    return known
