"""Public data sets as events: to look at relearn with, and to test it with, more than a few texts."""

from __future__ import annotations

from collections.abc import Mapping

from cli.importers import banking77, gsm8k, topical_chat, truthfulqa
from cli.importers.source import Importer, ImportRefused, Plan

IMPORTERS: Mapping[str, Importer] = {
    "topical-chat": Importer(
        "Topical-Chat (JSON): conversations, answers served, and a star rating for each answer",
        topical_chat.events,
    ),
    "truthfulqa": Importer(
        "TruthfulQA (CSV): owners' corrections of popular misconceptions, in four priorities",
        truthfulqa.events,
    ),
    "banking77": Importer(
        "Banking77 (CSV): customers' calls to a bank, a fifth of them unhappy",
        banking77.events,
    ),
    "gsm8k": Importer(
        "GSM8K answers (CSV): word problems routed to models, and whether each was solved; of no shop",
        gsm8k.events,
    ),
}

__all__ = ["IMPORTERS", "ImportRefused", "Importer", "Plan"]
