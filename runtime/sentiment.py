"""How a customer sounds in a text, by an analyser that the settings name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from schemas.call import SentimentLabel

THRESHOLD = 0.05
"""A compound at least this far from 0 says something (VADER's README, "About the Scoring")."""

AUDIBLE = 0.5
"""What a sentence needs of the strongest one's compound to count: VADER hears something in "number" too."""

STRONG = 0.5
"""What both sides must reach in some sentence for a text to be mixed."""

BALANCE = 0.5
"""The weaker side's part of the stronger one's total, from which on a text is mixed."""

LONGEST_SENTENCE = 40
"""Words. Speech recognisers leave out full stops, and VADER's compound nears 1 with every further word."""

LONGEST_PIECE = 400
"""Characters, more than 40 words of English have. VADER's time grows with the square of a sentence's length, and it
writes every emoji out as several words: a message of nothing else, in one piece, would keep an enricher for hours."""

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
SPEAKER = re.compile(r"(?:^|(?<=[.!?]))[ \t]*([A-Za-z]{2,20})[ \t]{0,2}\d{0,3}:(?!//)", re.MULTILINE)
"""`Customer:` or `Caller 2:` at the beginning of a line or after a sentence. All counts are bounded."""

CUSTOMER = frozenset({"customer", "caller", "client", "user", "guest", "visitor", "buyer"})


@dataclass(frozen=True, slots=True)
class Sentiment:
    """A label, and a score from -1 (negative) to 1 (positive)."""

    label: SentimentLabel
    score: float


class SentimentAnalyser(Protocol):
    """Finds the sentiment of a text."""

    @property
    def name(self) -> str:
        """What the records say about who found a sentiment."""

    def analyse(self, text: str, /) -> Sentiment:
        """The sentiment of a sentence or a whole transcript."""


class Vader:
    """VADER (Hutto & Gilbert 2014), for English, by sentences.

    VADER is made for single sentences and saturates on long texts, so each sentence is scored on its own and
    the score is the mean over the clearest ones. Where the text names its speakers and a customer is
    among them, only the customer's words count: an agent is polite in the worst of calls.
    """

    def __init__(self) -> None:
        self.name = f"vader-{version('vaderSentiment')}"
        self._lexicon = SentimentIntensityAnalyzer()

    def analyse(self, text: str, /) -> Sentiment:
        """The sentiment of a sentence or a whole transcript."""
        compounds = [self._compound(sentence) for sentence in _sentences(_customers_part(text))]
        strongest = max(map(abs, compounds), default=0.0)
        if strongest < THRESHOLD:
            return Sentiment("neutral", 0.0)
        telling = [compound for compound in compounds if abs(compound) >= AUDIBLE * strongest]
        score = round(sum(telling) / len(telling), 4)
        return Sentiment("mixed" if _is_mixed(telling) else _label(score), score)

    def _compound(self, sentence: str) -> float:
        return float(self._lexicon.polarity_scores(sentence)["compound"])


class Silent:
    """Finds everything neutral: for languages that no analyser here reads."""

    name = "none"

    def analyse(self, _text: str, /) -> Sentiment:
        """Neutral, whatever the text says."""
        return Sentiment("neutral", 0.0)


ANALYSERS: Mapping[str, Callable[[], SentimentAnalyser]] = {"vader": Vader, "none": Silent}


def sentiment_analyser(name: str) -> SentimentAnalyser:
    """The analyser that RELEARN_SENTIMENT_ANALYSER names.

    Raises:
        ValueError: if there is none of this name.
    """
    if name not in ANALYSERS:
        raise ValueError(f"RELEARN_SENTIMENT_ANALYSER is {name!r}; known are: {', '.join(ANALYSERS)}")
    return ANALYSERS[name]()


def _label(score: float) -> SentimentLabel:
    if score >= THRESHOLD:
        return "positive"
    return "negative" if score <= -THRESHOLD else "neutral"


def _is_mixed(compounds: list[float]) -> bool:
    if max(compounds) < STRONG or min(compounds) > -STRONG:
        return False
    praise = sum(compound for compound in compounds if compound > 0)
    blame = -sum(compound for compound in compounds if compound < 0)
    return min(praise, blame) >= BALANCE * max(praise, blame)


def _customers_part(text: str) -> str:
    """What the customer says, without the speakers' names; the whole text if no customer is named."""
    # split gives: what comes before the first name, then name and words in turn.
    _, *turns = SPEAKER.split(text)
    said = [words for name, words in zip(turns[::2], turns[1::2], strict=True) if name.lower() in CUSTOMER]
    return "\n".join(said) or text


def _sentences(text: str) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        words = sentence.split()
        for start in range(0, len(words), LONGEST_SENTENCE):
            yield from _pieces(" ".join(words[start : start + LONGEST_SENTENCE]))


def _pieces(words: str) -> Iterator[str]:
    for start in range(0, len(words), LONGEST_PIECE):
        yield words[start : start + LONGEST_PIECE]
