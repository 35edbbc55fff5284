"""The example of an assistant, as its document tells it: run as its user runs it, against the real API."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relearn_client.http import HttpClient
from tests.api.served import Served

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "assistant.py"
SHOP = 44
QUESTION, WRONG, RIGHT = "How long do refunds take?", "Refunds take 30 days.", "It is 14 days."
UNKNOWN = "I don't know. I will ask the owner."
WAIT = 30


def conversation(api: Served, key: str, *lines: str) -> str:
    """What the assistant says while a customer says these lines."""
    env = {
        **os.environ,
        "RELEARN_API_URL": api.url,
        "RELEARN_API_KEY": key,
        "PYTHONPATH": str(ROOT / "client"),
    }
    command = [sys.executable, str(EXAMPLE), "customer-7781"]
    done = subprocess.run(
        command, input="\n".join(lines), env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return re.sub(r"[>?] ", "", done.stdout)


def know(reviewer: HttpClient) -> None:
    """The shop knows something that is wrong; and all that was said before is in the tables now."""
    entry = {"content": WRONG, "question": QUESTION, "external_id": "refunds"}
    list(reviewer.import_knowledge([entry], source="help pages"))


def test_what_a_customer_says_is_what_the_next_one_hears(knowing: Served) -> None:
    (_, key), (_, of_reviewer) = knowing.key("service", SHOP), knowing.key("reviewer", SHOP)
    with HttpClient(knowing.url, of_reviewer) as reviewer:
        assert conversation(knowing, key, QUESTION).strip() == UNKNOWN
        know(reviewer)
        lines = ("How long does a refund take?", f"= {RIGHT}", "What is the moon made of?", "?")
        told = conversation(knowing, key, *lines)
        assert told.splitlines() == [WRONG, UNKNOWN, "(say + or - or =)"]
        know(reviewer)
        assert [hit.disputes for hit in reviewer.search(QUESTION, limit=1).items] == [1]
        (item,) = reviewer.pending(source_type="feedback")
        assert item.proposed_content == RIGHT
        reviewer.approve(item.id, wait=WAIT)
        reviewer.apply(wait=WAIT)
        assert conversation(knowing, key, QUESTION, "+ thank you").strip() == RIGHT
        know(reviewer)
        assert len(list(reviewer.audit(action="ResponseStored"))) == 4, "each answer is recorded"


def test_its_document_shows_it_as_it_is() -> None:
    def plain(code: str) -> str:
        return re.sub(r"\s+", " ", code)

    example = plain(EXAMPLE.read_text())
    shown = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "assistant.md").read_text(), re.DOTALL)
    of_example = [each for each in shown if "self." in each]
    assert len(of_example) == 2
    for each in of_example:
        assert plain(each).strip() in example
