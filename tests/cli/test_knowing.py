"""Searching where no model is installed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import orjson
import pytest

from runtime import postgres
from runtime.settings import Settings
from tests.cli.running import relearn

FILL = """
INSERT INTO knowledge_base_rag (shop_id, id, question, content, status, created_at, updated_at)
SELECT 7, gen_random_uuid(), v.question, v.content, 'live', now(), now()
  FROM unnest($1::TEXT[], $2::TEXT[]) AS v (question, content)
"""
KNOWN = {
    "Do I need a reservation?": "No.",
    "How do I rent a boat?": "Ask at the pier.",
    "How do I get there?": "By bus.",
}


QUERY = ("knowledge", "search", "--shop", "7", "how do I rent boats or a boat")
ASIDE = "searching by words only: no embedding model is installed here (pip install relearn[embed])"
WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from cli.main import main; main()"


@pytest.fixture
async def settings(database: str) -> Settings:
    """Tables with some knowledge; there is no broker."""
    settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=database)
    async with await postgres.create_pool(settings, "learning", max_size=1) as pool:
        await pool.execute(FILL, list(KNOWN), list(KNOWN.values()))
    return settings


@pytest.fixture
def without_model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As on a machine without the extra `embed`."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    return settings


async def test_words_still_find_it_and_it_says_so(without_model: Settings) -> None:
    result = await relearn(*QUERY, env=without_model.environment())
    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()
    assert first.endswith("  by its words")
    assert lines == ["  ? How do I rent a boat?", "  → Ask at the pier."]
    assert " ".join(result.stderr.split()) == ASIDE


async def test_json_stays_json(without_model: Settings) -> None:
    words = ("knowledge", "search", "--shop", "7", "--json", "pier")
    result = await relearn(*words, env=without_model.environment())
    (found,) = orjson.loads(result.stdout)
    assert (found["content"], found["similarity"]) == ("Ask at the pier.", None)
    assert "by words only" in result.stderr


async def test_so_they_do_where_only_torch_is_missing(settings: Settings) -> None:
    """In a process of its own: what is imported without torch stays without it."""
    command = [sys.executable, "-c", WITHOUT_TORCH, *QUERY]
    env = os.environ | settings.environment()
    run = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, env=env, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "Ask at the pier." in run.stdout
    assert ASIDE in " ".join(run.stderr.split())
