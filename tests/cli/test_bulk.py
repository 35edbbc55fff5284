"""Knowledge from files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.bulk import read_entries
from cli.failure import Failed


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_columns_and_keys_are_the_same_fields(tmp_path: Path) -> None:
    csv = written(tmp_path, "a.csv", 'question,content,external_id\n"When, then?","At\nnine.",7\n,Second.,\n')
    jsonl = written(
        tmp_path,
        "a.jsonl",
        '{"question": "When, then?", "content": "At\\nnine.", "external_id": "7"}\n\n{"content": "Second."}\n',
    )
    entries = list(read_entries(csv, "faq"))
    assert entries == list(read_entries(jsonl, "faq"))
    assert [(e.question, e.content, e.external_id, e.source) for e in entries] == [
        ("When, then?", "At\nnine.", "7", "faq"),
        (None, "Second.", None, "faq"),
    ]


def test_entries_are_imported_in_somebodys_name(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "content\nAt nine.\n")
    assert [entry.actor_id for entry in read_entries(file, "faq")] == [None]
    assert [entry.actor_id for entry in read_entries(file, "faq", "ann")] == ["ann"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "question\nWhen?\n", "has no column content"),
        (
            "a.csv",
            "content,question\nNine.,\n,When?\n",
            "line 3: content: Field required; nothing was imported",
        ),
        ("a.jsonl", '{"content": "Nine."}\n[]\n', "line 2: not a JSON object"),
        ("a.jsonl", "{", "line 1: not JSON"),
        ("a.jsonl", '{"content": 7}', "line 1: content: Input should be a valid string"),
        ("a.txt", "", "is neither .csv nor .jsonl"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        list(read_entries(written(tmp_path, name, text), "faq"))
    assert words in str(failed.value)
