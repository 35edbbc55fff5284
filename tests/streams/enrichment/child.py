"""A worker in a process of its own, to be killed. Its settings come from the environment.

It is named its domains; without any, it serves learning.
"""

from __future__ import annotations

import sys

from runtime.logging import configure_logging
from runtime.sentiment import sentiment_analyser
from runtime.settings import load_settings
from schemas.topics import DOMAINS, LEARNING
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
    domains = [DOMAINS[name] for name in sys.argv[1:] or [LEARNING.name]]
    embedder, analyser = LetterCounts(), sentiment_analyser("vader")
    run(
        settings,
        [Served(each, Enricher(each, embedder, analyser, settings.partitions), Unseen()) for each in domains],
        Surroundings(),
    )
