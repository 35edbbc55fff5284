"""A worker in a process of its own, to be killed. Its settings come from the environment."""

from __future__ import annotations

from runtime.logging import configure_logging
from runtime.sentiment import sentiment_analyser
from runtime.settings import load_settings
from schemas.topics import LEARNING
from streams.enrichment.enricher import Enricher
from streams.enrichment.watchdog import Lag
from streams.enrichment.worker import Served, Surroundings, run
from tests.streams.enrichment.inputs import LetterCounts


class Unseen:
    def progressed(self, inputs: int, seconds: float) -> None:
        """Nobody asks this one."""

    def lagging(self, lag: Lag) -> None:
        """Nobody asks this one."""

    def assigned(self) -> None:
        """Nobody asks this one."""


if __name__ == "__main__":
    settings = load_settings()
    configure_logging(settings.log_level)
    enricher = Enricher(LEARNING, LetterCounts(), sentiment_analyser("vader"), settings.partitions)
    run(settings, [Served(LEARNING, enricher, Unseen())], Surroundings())
