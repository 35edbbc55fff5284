"""Every command explains itself with an example, and fails with one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli.main import COMMANDS, app, load


def every_command() -> Iterator[tuple[list[str], Any]]:
    for name in COMMANDS:
        command = load(name)
        if isinstance(command, TyperGroup):
            yield from (([name, inner], each) for inner, each in command.commands.items())
        else:
            yield [name], command


ALL = list(every_command())


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_command_has_help_with_an_example(words: list[str], command: Any) -> None:
    assert (command.epilog or "").startswith(
        f"Example: relearn {' '.join(words)}"
    ) or "relearn" in command.epilog
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output
    assert "Example:" in result.output


def test_the_group_lists_them_all_without_loading_any() -> None:
    code = "import sys; from cli.main import main\ntry: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    *help_lines, modules = told.stdout.splitlines()
    assert all(any(line.startswith(f"│ {name} ") for line in help_lines) for name in COMMANDS)
    assert not {"pydantic", "aiokafka", "torch", "asyncpg", "numpy"} & set(modules.split())


def test_a_missing_setting_is_named_in_one_sentence() -> None:
    result = CliRunner().invoke(app, ["topics", "list"])
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "relearn: RELEARN_KAFKA_BOOTSTRAP_SERVERS, RELEARN_DATABASE_URL must be set"
    )
    assert result.stderr.count("\n") == 1


def test_debug_shows_where() -> None:
    result = CliRunner().invoke(app, ["--debug", "topics", "list"])
    assert result.exit_code == 1
    assert type(result.exception).__name__ == "SettingsError"


def test_a_misspelt_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(app, ["prodoce"])
    assert result.exit_code == 2
    assert "produce" in result.output


def test_an_unknown_failure_is_still_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = typer.Typer(add_completion=False)

    @broken.command()
    def fail() -> None:
        raise LookupError("nowhere\nto be found")

    monkeypatch.setattr("cli.env.app", broken)
    result = CliRunner().invoke(app, ["env"])
    assert result.exit_code == 1
    assert result.stderr == "relearn: unexpected LookupError: nowhere (relearn --debug shows where)\n"
