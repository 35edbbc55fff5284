"""What strangers wrote cannot steer the terminal of who reads it."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from cli.screen import cell, print_entry, shortened, table

STEERING = "Hello \x1b[2J\x1b]0;owned\x07 you\x9b31m\u202e!"


def test_escape_sequences_are_not_printed() -> None:
    out = StringIO()
    console = Console(file=out, width=100)
    console.print(table(("words",), [(STEERING,)]))
    print_entry(console, "id", "told", [("-", STEERING)])
    for printed in (out.getvalue(), cell(STEERING), shortened(STEERING)):
        assert "Hello" in printed
        assert not set("\x1b\x07\x9b\u202e") & set(printed)
