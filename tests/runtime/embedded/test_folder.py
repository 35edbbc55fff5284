"""One tree a folder; a killed one leaves no lock; what runs tells others how to reach it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runtime.embedded.folder import Folder, FolderInUse, Tree

TREE = Tree(pid=7, environment={"RELEARN_DATABASE_URL": "postgresql:///x"}, health_ports={"decider": 4711})


def test_a_tree_is_known_while_it_runs(tmp_path: Path) -> None:
    here, elsewhere = Folder(tmp_path / "new"), Folder(tmp_path / "new")
    assert elsewhere.running() is None
    with here.locked():
        assert elsewhere.running() is None, "it has not told anything yet"
        here.publish(TREE)
        assert elsewhere.running() == TREE
        assert (tmp_path / "new" / "running.json").stat().st_mode & 0o777 == 0o600
    assert elsewhere.running() is None


def test_a_second_tree_is_refused_by_name(tmp_path: Path) -> None:
    with Folder(tmp_path).locked():
        Folder(tmp_path).publish(TREE)
        with (
            pytest.raises(FolderInUse, match=f"process 7 runs in {tmp_path}: stop it"),
            Folder(tmp_path).locked(),
        ):
            pass
        assert Folder(tmp_path).running() == TREE, "the refused one must not disturb"
    with Folder(tmp_path).locked():
        pass


def test_a_killed_tree_leaves_neither_lock_nor_state(tmp_path: Path) -> None:
    code = f"""
        import time
        from pathlib import Path
        from runtime.embedded.folder import Folder, Tree
        folder = Folder(Path({str(tmp_path)!r}))
        with folder.locked():
            folder.publish(Tree(1, {{}}))
            print("locked", flush=True)
            time.sleep(600)
    """
    root = Path(__file__).parents[3]
    tree = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, cwd=root)
    with tree:
        assert tree.stdout is not None
        assert tree.stdout.readline() == b"locked\n"
        assert Folder(tmp_path).running() == Tree(1, {})
        tree.kill()
        tree.wait()
    assert (tmp_path / "running.json").exists()
    assert Folder(tmp_path).running() is None
    with Folder(tmp_path).locked():
        assert Folder(tmp_path).running() is None, "what the dead one told must be gone"
