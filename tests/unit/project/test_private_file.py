"""Private files: for their owner alone from the first byte on, and never half written."""

import os
import stat
from pathlib import Path

import pytest

from twinev.private_file import write_private


def test_private_file_is_for_its_owner_whatever_the_mask(tmp_path):
    path = tmp_path / "new" / "secret"
    mask = os.umask(0)
    try:
        write_private(path, "größe\n")
    finally:
        os.umask(mask)

    assert path.read_text(encoding="utf-8") == "größe\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_private_file_replaces_an_open_one_and_takes_its_readers_away(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old and longer")
    path.chmod(0o644)

    write_private(path, "new")

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    write_private(path, "old")

    def full_disk(_descriptor: int) -> None:
        raise OSError("no space left on the device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_private(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_private_file_is_private_before_its_first_byte(tmp_path, monkeypatch):
    modes = []

    def look(_descriptor: int) -> None:
        modes.extend(stat.S_IMODE(entry.stat().st_mode) for entry in Path(tmp_path).iterdir())

    monkeypatch.setattr(os, "fsync", look)
    write_private(tmp_path / "secret", "text")

    assert modes == [0o600]
