"""Public data becomes the same valid events every time; what cannot be read is refused, saying where."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from cli.importers import IMPORTERS, ImportRefused, Plan
from schemas.codec import decode, encode
from schemas.event import Event, ShopData
from schemas.topics import LEARNING

PLAN = Plan((11, 12), datetime(2025, 5, 1, tzinfo=UTC), timedelta(seconds=2))
DATA = Path(__file__).parents[4] / "shared" / "data"

SAMPLES = {
    "topical-chat": orjson.dumps(
        {
            "t_1": {
                "content": [
                    {"message": "Do you like tea? ", "agent": "agent_1", "turn_rating": "Good"},
                    {
                        "message": "It’s fine.",
                        "agent": "agent_2",
                        "turn_rating": "Not Good",
                        "sentiment": "Sad",
                    },
                    {"message": "And coffee?", "agent": "agent_1", "turn_rating": ""},
                    {"message": "Yes!", "agent": "agent_2", "turn_rating": ""},
                ]
            },
            "t_2": {
                "content": [{"message": "Hello", "agent": "agent_2", "turn_rating": "Excellent"}],
                "config": "B",
            },
        }
    ),
    "truthfulqa": (
        "\ufeffType,Category,Question,Best Answer,Best Incorrect Answer,Source\r\n"
        'Adversarial,Myths,Why?,"Because, they don’t",So it is,\r\n'
        "Adversarial,Myths,How?,Slowly,Quickly,https://example.org\r\n"
    ).encode(),
    "banking77": (
        'text,category\n"Where is my\n card?",card_arrival\n\nMy\u00a0£5 top-up failed ,top_up\n'
    ).encode(),
}


def sample(folder: Path, name: str, content: bytes | None = None) -> list[Event[ShopData]]:
    path = folder / name
    path.write_bytes(SAMPLES[name] if content is None else content)
    return list(IMPORTERS[name].events(path, PLAN))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_file_gives_the_same_valid_events(tmp_path: Path, name: str) -> None:
    events = sample(tmp_path, name)
    assert events == sample(tmp_path, name)
    assert len({event.id for event in events}) == len(events)
    assert [decode(encode(event), LEARNING.types, strict=True) for event in events] == events


@pytest.mark.parametrize("name", SAMPLES)
def test_times_and_shops_follow_the_plan(tmp_path: Path, name: str) -> None:
    events = sample(tmp_path, name)
    assert [event.time for event in events] == [PLAN.begin + PLAN.spacing * i for i in range(len(events))]
    assert {event.shop_id for event in events} == {11, 12}


def test_a_rated_answer_carries_its_question(tmp_path: Path) -> None:
    events = sample(tmp_path, "topical-chat")
    assert [e.type.split(".")[1] for e in events] == [
        *("conversation", "response", "feedback", "response"),
        *("conversation", "response", "feedback"),
    ]
    said = [event.data.model_dump() for event in events]
    assert [message["role"] for message in said[0]["messages"]] == ["user", "assistant"] * 2
    assert (said[2]["question"], said[2]["response"], said[2]["rating"]) == (
        "Do you like tea?",
        "It’s fine.",
        2,
    )
    assert said[2]["metadata"]["sentiment"] == "Sad"
    assert said[2]["reason"] is None
    assert (said[6]["question"], said[6]["rating"]) == (None, 5)


def test_a_misconception_is_corrected(tmp_path: Path) -> None:
    first, second = (event.data.model_dump() for event in sample(tmp_path, "truthfulqa"))
    assert first["question"] == "Why?"
    assert first["original_response"] == "So it is"
    assert first["corrected_answer"] == "Because, they don’t"
    assert first["category"] == "Myths"
    assert first["metadata"] == {"dataset": "truthfulqa", "line": 2, "type": "Adversarial"}
    assert first["conversation_id"] != second["conversation_id"]


def test_a_question_is_asked_on_the_telephone(tmp_path: Path) -> None:
    first, second = (event.data.model_dump() for event in sample(tmp_path, "banking77"))
    assert first["question"] == "Where is my\n card?"
    assert (first["metadata"]["line"], second["metadata"]["line"]) == (2, 5)
    assert (first["sentiment"], second["sentiment"]) == ("negative", None)
    assert second["transcript"].endswith("My £5 top-up failed")
    assert second["entities"] == {"intent": "top_up"}


@pytest.mark.parametrize(
    ("name", "content", "at", "reason"),
    [
        ("banking77", b"text,category\nhello,a,b\n", "line 2", "3 fields where the header has 2"),
        ("banking77", b"text,category\n\xa0\xc2,a\n", "line 2", "not UTF-8: invalid start byte"),
        ("banking77", b"text,category\nhi\0,a\n", "line 2", "holds the character NUL"),
        ("banking77", b'text,category\n"a\nb",c\n  ,x\n', "line 4", "'text' is empty"),
        ("banking77", b"text\nhello\n", "line 1", "no column 'category'"),
        ("banking77", b"", "line 1", "no column 'text'"),
        ("banking77", b'text,category\nhello,"a', "line 2", "unexpected end of data"),
        (
            "banking77",
            b"text,category\nhello,a\n" + b"a" * 32_001 + b",a\n",
            "line 3",
            "String should have at most 32000 characters",
        ),
        ("topical-chat", b"[]", "line 1", "not a JSON object of conversations"),
        ("topical-chat", b'{\n"t":', "line 2", "not JSON: unexpected end of data"),
        ("topical-chat", b'{"t": {"content": []}}', "conversation t", "content: List should have at least 1"),
        (
            "topical-chat",
            b'{"t": {"content": [{"message": "a", "agent": "agent_3"}]}}',
            "conversation t",
            "content.0.agent: String should match",
        ),
        (
            "topical-chat",
            b'{"t": {"content": [{"message": "a", "agent": "agent_2", "turn_rating": "Superb"}]}}',
            "conversation t",
            "content.0.turn_rating: String should match",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, at: str, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        sample(tmp_path, name, content)
    assert refused.value.at == at
    assert refused.value.reason.startswith(reason)
    assert str(refused.value) == f"{tmp_path / name}, {at}: {refused.value.reason}"


REAL = {
    "topical-chat": (
        "topical_chat_valid_freq.json",
        {"conversation": 539, "response": 5640, "feedback": 5628},
    ),
    "truthfulqa": ("truthfulqa_even.csv", {"response": 395}),
    "banking77": ("banking77_train.csv", {"call": 10_003}),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_file_is_read_whole(name: str) -> None:
    file, expected = REAL[name]
    if not (DATA / file).exists():
        pytest.skip(f"{file} is not at hand: it is looked for in shared/data beside the repository")
    events = list(IMPORTERS[name].events(DATA / file, PLAN))
    assert Counter(event.type.split(".")[1] for event in events) == expected
    assert len({event.id for event in events}) == len(events)
    for event in events:
        assert decode(encode(event), LEARNING.types, strict=True) == event


def test_of_truthfulqa_a_few_are_urgent_and_most_are_normal() -> None:
    path = DATA / REAL["truthfulqa"][0]
    if not path.exists():
        pytest.skip(
            "truthfulqa_even.csv is not at hand: it is looked for in shared/data beside the repository"
        )
    found = Counter(e.data.model_dump()["priority"] for e in IMPORTERS["truthfulqa"].events(path, PLAN))
    assert found == {"normal": 287, "high": 49, "low": 49, "urgent": 10}


def test_what_is_of_no_shop_is_tested_apart() -> None:
    assert IMPORTERS.keys() == SAMPLES.keys() | {"gsm8k"} == REAL.keys() | {"gsm8k"}


def test_a_plan_needs_a_shop() -> None:
    with pytest.raises(ValueError, match="at least one shop"):
        Plan((), PLAN.begin)
