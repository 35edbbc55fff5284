"""What holds for every history."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import learning as out
from schemas.event import EventData
from schemas.policy import LearningPolicy, TwoPairsOfEyes
from schemas.policy import content as policy_content
from schemas.standing import Source
from streams.learning.state import Item, Knowledge
from tests.streams.learning.said import (
    OTHER_REVIEWER,
    REVIEWER,
    adopt,
    apply,
    approve,
    assign,
    complaint,
    correction,
    edit,
    imported,
    proposal,
    reject,
    retract,
    revert,
    roll_back,
    tick,
)  # fmt: skip
from tests.streams.learning.story import Story, content, name

TOPICS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.sampled_from(["ann", str(REVIEWER), None])
ANSWERS = st.sampled_from(["x|1 day", "x|2 days", "x|not 1 day", "y|other"])
REPORTS = st.one_of(
    st.builds(lambda t, p, r: complaint(f"{t}|?", p, response=r), TOPICS, PEOPLE, st.none() | ANSWERS),
    st.builds(lambda t, p, a: complaint(f"{t}|?", p, suggested_answer=a), TOPICS, PEOPLE, ANSWERS),
    st.builds(lambda t, a, p: correction(f"{t}|?", a, by=p), TOPICS, ANSWERS, PEOPLE),
    st.builds(lambda t, a, p: correction(f"{t}|?", a, "urgent", by=p), TOPICS, ANSWERS, PEOPLE),
    st.builds(lambda a: correction(None, a), ANSWERS),
    st.builds(lambda t, a: proposal(a, f"{t}|?"), TOPICS, ANSWERS),
    st.builds(
        lambda t, a, e, p: imported(a, f"{t}|?", e, by=p),
        TOPICS, ANSWERS, st.sampled_from([None, "q1", "q2"]), PEOPLE,
    ),
)  # fmt: skip

CONTENTED, ASKING = (
    LearningPolicy(),
    LearningPolicy(two_pairs_of_eyes=TwoPairsOfEyes(urgent_corrections=True, imports=True)),
)
ADOPTIONS = st.sampled_from([CONTENTED, ASKING]).map(lambda policy: adopt(policy_content(policy)))

ELSEWHERE = st.builds(lambda p: complaint("later|?", p, suggested_answer="z|later"), PEOPLE)
"""A topic of its own."""


def review(story: Story, kind: str, which: int) -> EventData | None:
    """A review of one of the things that there are."""
    items, known = list(story.shop.items.values()), list(story.shop.knowledge.values())
    if kind in ("apply", "tick"):
        return apply() if kind == "apply" else tick()
    if kind in ("edit", "retract", "roll_back"):
        if not known:
            return None
        id = known[which % len(known)].id
        if kind == "edit":
            return edit(id, "x|3 days")
        return retract(id) if kind == "retract" else roll_back(id)
    if not items:
        return None
    item = items[which % len(items)]
    if kind == "revert":
        return revert(item.id, item.sources[-1].source.source_id)
    if kind == "approve":
        by = OTHER_REVIEWER if which % 3 == 0 else REVIEWER
        return approve(item.id, by=by, edited_content="x|5 days" if which % 2 else None)
    return reject(item.id) if kind == "reject" else assign(item.id)


REVIEWS = st.tuples(
    st.sampled_from(
        ["approve", "apply", "reject", "assign", "edit", "retract", "roll_back", "revert", "tick"]
    ),
    st.integers(0, 9),
)


HISTORIES = st.lists(REPORTS | REVIEWS | ADOPTIONS, max_size=25)


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_the_fold_of_the_records_is_the_state(history: list[Any]) -> None:
    story = tell(history)
    assert content(story.replayed()) == content(story.state)


@settings(max_examples=60, deadline=None)
@given(st.lists(REPORTS | REVIEWS | ADOPTIONS, max_size=15))
def test_every_event_sent_twice_changes_nothing(history: list[Any]) -> None:
    once, twice = tell(history), tell(history, times=2)
    assert shops(once) == shops(twice)


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_what_is_live_is_what_is_compared(history: list[Any]) -> None:
    story = tell(history)
    for kind, table in story.shop.tables.items():
        entities: list[Item | Knowledge] = [*story.shop.items.values(), *story.shop.knowledge.values()]
        assert set(table._ids) == {e.id for e in entities if e.live and e.texts.of(kind) is not None}


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_chains_of_knowledge_hang_together(history: list[Any]) -> None:
    known = tell(history).shop.knowledge
    for one in known.values():
        if one.status == "superseded":
            assert one.superseded_by is not None
            assert known[one.superseded_by].previous == one.id


@settings(max_examples=150, deadline=None)
@given(st.lists(REPORTS | REVIEWS, max_size=25))
def test_where_two_pairs_of_eyes_are_asked_for_nothing_is_live_by_one_alone(history: list[Any]) -> None:
    """Unless nobody knows who said it: then the reviewer's alone have to do."""
    story = Story(ASKING)
    for n, step in enumerate(history):
        event = review(story, *step) if isinstance(step, tuple) else step
        if event is None:
            continue
        story.tell(event, id=name(f"{n}"))
        assert "KnowledgeImported" not in story.kinds
        for approval in (o for o in story.last if isinstance(o, out.ItemApproved)):
            sources = story.item(approval.item_id).sources
            if any(said.second_pair_for for said in sources):
                known = {said.source.actor_id for said in sources if said.texts.answer} - {None}
                reviewer = {str(approval.reviewer_id)} if approval.reviewer_id else set()
                assert len(known | reviewer) >= 2 or (reviewer and not known)


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_imports_are_known_as_what_they_are(history: list[Any]) -> None:
    shop = tell(history).shop
    for remembered in shop.imports.values():
        item = shop.items.get(remembered.item_id) if remembered.item_id else None
        assert item is not None or remembered.knowledge_id in shop.knowledge
        assert item is None or item.status != "applied" or remembered.knowledge_id in shop.knowledge
    for known in shop.knowledge.values():
        assert known.imported_as is None or known.imported_as in shop.imports


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(6)))
def test_events_about_different_topics_come_in_any_order(left: list[int], right: list[int]) -> None:
    said = [complaint(f"topic {n}|?", "ann", suggested_answer=f"answer {n}|{n}") for n in range(6)]
    stories = []
    for order in (left, right):
        story = Story()
        for n in order:
            story.tell(said[n], id=str(n))
        stories.append({id: without_order(item) for id, item in story.shop.items.items()})
    assert stories[0] == stories[1]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([CONTENTED, ASKING]),
    st.lists(REPORTS, max_size=8),
    REPORTS,
    st.lists(ELSEWHERE, max_size=3),
)
def test_a_reverted_merge_is_as_if_it_had_never_been(
    policy: LearningPolicy, before: list[Any], joining: Any, after: list[Any]
) -> None:
    merged, split = tell(before, policy=policy), tell(before, policy=policy)
    joined = merged.tell(joining, id="joining")
    item = next((i for i in merged.shop.items.values() if i.sources[-1].source.source_id == joined), None)
    if item is None or len(item.sources) < 2 or item.status != "pending":
        return
    for item_id in split.shop.items:
        split.shop.apart.add((item_id, joined))
    split.tell(joining, id="joining")
    if not any(s.source.source_id == joined for i in split.shop.items.values() for s in i.sources):
        return  # a complaint that would only have been listed with an item of the same answer
    for story in (merged, split):
        for n, event in enumerate(after):
            story.tell(event, id=f"after {n}")
    merged.tell(revert(item.id, joined))
    assert contents(merged) == contents(split)


def tell(history: list[Any], times: int = 1, policy: LearningPolicy | None = None) -> Story:
    """Tells a history; reviews look at what is there when they come."""
    story = Story(policy)
    for n, step in enumerate(history):
        event = review(story, *step) if isinstance(step, tuple) else step
        for _ in range(times if event is not None else 0):
            story.tell(event, id=name(f"{n}"))  # type: ignore[arg-type]
    return story


def shops(story: Story) -> Any:
    shop = story.shop
    items = {
        id: (i.state, [s.source for s in i.sources], i.texts, i.category, i.conflicts, i.assigned_to)
        for id, i in shop.items.items()
    }
    return items, {id: (k.state, k.texts, k.previous) for id, k in shop.knowledge.items()}


def without_order(item: Item) -> Any:
    return item.state, [said.source for said in item.sources], item.texts, item.conflicts


def contents(story: Story) -> Any:
    """Items as a reviewer sees them, without ids of items, versions and order."""

    def sources(item: Item) -> tuple[Source, ...]:
        return tuple(said.source for said in item.sources)

    items = story.shop.items
    return sorted(
        (
            (
                [str(s.source_id) for s in sources(i)],
                i.status,
                i.confidence,
                i.needs_second_pair,
                str(i.target),
                [t.words if (t := i.texts.of(k)) else None for k in ("question", "answer", "complaint")],
                sorted(str(s.source_id) for c in i.conflicts for s in sources(items[c])),
            )
            for i in items.values()
        ),
        key=str,
    )
