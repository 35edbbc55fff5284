"""Records in files: what went in comes out, and nothing else passes for it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from streams import archive
from streams.archive import (
    ArchivePartition,
    ArchiveRefused,
    Entry,
    FileWriter,
    Manifest,
    check,
    entries,
    load,
    save,
)

VALUES = (b'{"seq":0}', b'{"seq":1, "text":"\xc3\xa9\n"}', b"\xff\x00 no text", b'{"seq":3}')
KEYS = (None, b"7", b"\xfe", b"")


def entry(seq: int) -> Entry:
    return Entry(seq, seq * 2, 1000 + seq, KEYS[seq], VALUES[seq])


def written(folder: Path, *lots: range) -> Manifest:
    """An archive of one partition, with a file for each lot."""
    log = ArchivePartition(partition=0)
    for lot in lots:
        writer = FileWriter(folder, log)
        for seq in lot:
            writer.add(entry(seq))
        writer.finish()
    manifest = Manifest(domain="d", topic="d.decisions", partitions=1, embedding_model="m", logs=[log])
    save(folder, manifest)
    return manifest


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    written(tmp_path, range(2), range(2, 4))
    manifest = load(tmp_path)
    assert manifest is not None
    check(tmp_path, manifest)
    assert list(entries(tmp_path, manifest.logs[0])) == [entry(n) for n in range(4)]
    assert [(file.first_seq, file.last_seq) for file in manifest.logs[0].files] == [(0, 1), (2, 3)]


def test_the_chain_does_not_depend_on_files(tmp_path: Path) -> None:
    for name, lots in (("one", [range(4)]), ("two", [range(1), range(1, 4)])):
        (tmp_path / name).mkdir()
        written(tmp_path / name, *lots)
    one, two = (load(tmp_path / name) for name in ("one", "two"))
    assert one is not None
    assert two is not None
    assert one.logs[0].chain == two.logs[0].chain


def test_a_key_is_no_part_of_a_value() -> None:
    whole = archive.link(archive.START, Entry(0, 0, 0, b"ab", b"c"))
    assert whole != archive.link(archive.START, Entry(0, 0, 0, b"a", b"bc"))
    assert archive.link(archive.START, Entry(0, 0, 0, None, b"x")) != archive.link(
        archive.START, Entry(0, 0, 0, b"", b"x")
    )


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    manifest = written(tmp_path, range(4))
    path = tmp_path / manifest.logs[0].files[0].name
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ArchiveRefused, match="its SHA-256 is another"):
        check(tmp_path, manifest)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    manifest = written(tmp_path, range(2), range(2, 4))
    (tmp_path / manifest.logs[0].files[1].name).unlink()
    with pytest.raises(ArchiveRefused, match="is missing"):
        check(tmp_path, manifest)


def test_a_changed_record_is_refused_even_with_its_files_hash(tmp_path: Path) -> None:
    manifest = written(tmp_path, range(4))
    file = manifest.logs[0].files[0]
    path = tmp_path / file.name
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'seq\\":3', b'seq\\":4')))
    file.sha256 = archive.digest(path)
    with pytest.raises(ArchiveRefused, match="are not the manifest's"):
        check(tmp_path, manifest)


def test_a_lost_record_is_named(tmp_path: Path) -> None:
    manifest = written(tmp_path, range(4))
    file = manifest.logs[0].files[0]
    path = tmp_path / file.name
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[:1] + lines[2:])))
    file.sha256 = archive.digest(path)
    with pytest.raises(ArchiveRefused, match="lacks record 1: 2 comes next"):
        check(tmp_path, manifest)


def test_another_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / archive.MANIFEST).write_text('{"format": 2}')
    with pytest.raises(ArchiveRefused, match="no manifest"):
        load(tmp_path)


def test_what_is_unfinished_has_no_name(tmp_path: Path) -> None:
    manifest = written(tmp_path, range(2))
    writer = FileWriter(tmp_path, manifest.logs[0])
    writer.add(entry(2))
    writer.close()
    held = load(tmp_path)
    assert held is not None
    check(tmp_path, held)
    assert held.records == 2
