"""One tree to a folder, and how to reach it; what a killed one leaves is no reason to fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.failure import Failed
from cli.folder import ENVIRONMENT, environment, held, is_held, remember
from cli.main import app

HOLDER = """
import sys, time
from pathlib import Path
from cli.folder import held, remember
with held(Path(sys.argv[1])):
    remember(Path(sys.argv[1]), {"RELEARN_DATABASE_URL": "postgresql://there/it's"})
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_tree_is_told_that_one_runs(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Failed, match=f"process {holder.pid}"), held(tmp_path):
        pass
    holder.kill()
    holder.wait()


def test_env_prints_lines_that_a_shell_reads(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    result = CliRunner().invoke(app, ["env", "--dir", str(tmp_path)])
    holder.kill()
    holder.wait()
    assert result.exit_code == 0
    told = subprocess.run(
        ["sh", "-c", f'{result.stdout}\necho "$RELEARN_DATABASE_URL"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "postgresql://there/it's\n"
    assert (tmp_path / ENVIRONMENT).stat().st_mode & 0o077 == 0


def test_what_a_killed_tree_leaves_is_no_tree(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert (tmp_path / ENVIRONMENT).exists()
    with pytest.raises(Failed, match="nothing runs in"):
        environment(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)
        remember(tmp_path, {"A": "b"})
        assert environment(tmp_path) == {"A": "b"}
    assert not is_held(tmp_path)


def test_env_without_a_tree_is_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["env", "--dir", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert (
        result.stderr
        == f"relearn: nothing runs in {tmp_path}/none: start it with `relearn up --dir {tmp_path}/none`\n"
    )
