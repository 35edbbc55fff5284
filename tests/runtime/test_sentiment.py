"""Single sentences, whole calls, and calls in which the agent is politer than the customer is happy."""

from __future__ import annotations

from time import perf_counter, process_time

import pytest

from runtime.sentiment import LONGEST_SENTENCE, Sentiment, _sentences, sentiment_analyser

VADER = sentiment_analyser("vader")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this shop, the delivery was great!", "positive"),
        ("This is terrible, I am very angry.", "negative"),
        ("The parcel left on Monday.", "neutral"),
        ("The delivery was wonderful, thank you so much! The product is horrible and broken.", "mixed"),
        ("The parcel was not good.", "negative"),
        ("...", "neutral"),
        ("", "neutral"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert VADER.analyse(text).label == label


def test_the_name_says_which_release() -> None:
    assert VADER.name == "vader-3.3.2"


def test_the_score_of_one_sentence_is_vaders_own() -> None:
    # The first example of VADER's README.
    assert VADER.analyse("VADER is smart, handsome, and funny.").score == 0.8316


def test_a_long_neutral_call_does_not_hide_a_complaint() -> None:
    call = "My number is 12345. " * 200 + "This is a terrible, horrible service."
    assert VADER.analyse(call) == VADER.analyse("This is a terrible, horrible service.")


def test_length_alone_does_not_strengthen_a_score() -> None:
    once = VADER.analyse("It is a bit slow and that is annoying.")
    assert VADER.analyse("It is a bit slow and that is annoying. " * 50).score == pytest.approx(
        once.score, abs=1e-3
    )


def test_one_mild_word_of_thanks_does_not_make_a_furious_call_mixed() -> None:
    call = "This is horrible. I am furious. Your service is terrible. I hate this. Thank you very much."
    assert VADER.analyse(call).label == "negative"


CALL = """Agent: Thank you so much for calling, I am delighted to help! Have a great day!
Customer: My parcel is broken and I am very disappointed.
It is the second time, this is awful.
Agent 2: I am happy to help, wonderful, perfect!"""


@pytest.mark.parametrize("call", [CALL, CALL.replace("\n", " ")])
def test_only_the_customer_counts_where_one_is_named(call: str) -> None:
    customer = "My parcel is broken and I am very disappointed. It is the second time, this is awful."
    assert VADER.analyse(call) == VADER.analyse(customer)
    assert VADER.analyse(call).label == "negative"


def test_without_a_customers_name_all_counts() -> None:
    call = "Anna: This is terrible, I am angry.\nSee https://shop.example/customer: thanks."
    assert VADER.analyse(call).label == "negative"


def test_speech_without_full_stops_is_cut() -> None:
    parts = list(_sentences("word " * (2 * LONGEST_SENTENCE + 1)))
    assert [len(part.split()) for part in parts] == [LONGEST_SENTENCE, LONGEST_SENTENCE, 1]


@pytest.mark.parametrize("filler", ["awful but good ", "a", " ", "\n", "a: ", "customer " * 3 + "1"])
def test_the_time_grows_with_the_length_only(filler: str) -> None:
    def seconds(length: int) -> float:
        started = perf_counter()
        VADER.analyse((filler * length)[:length])
        return perf_counter() - started

    # Eight times the length: a quadratic analysis takes 64 times as long.
    assert seconds(160_000) < 32 * max(seconds(20_000), 0.005)


def test_none_finds_everything_neutral() -> None:
    silent = sentiment_analyser("none")
    assert silent.name == "none"
    assert silent.analyse("Das ist furchtbar!") == Sentiment("neutral", 0.0)


def test_an_unknown_analyser_is_refused_naming_the_setting() -> None:
    with pytest.raises(ValueError, match=r"RELEARN_SENTIMENT_ANALYSER is 'watson'; known are: vader, none"):
        sentiment_analyser("watson")


def test_a_text_of_nothing_but_emoji_takes_no_more_time_than_its_length_asks_for() -> None:
    began = process_time()
    assert VADER.analyse("🙂" * 4000).label == "positive"
    assert process_time() - began < 5, "in one piece it takes most of a minute"
