"""The file of a backup: a compressed tar archive of named parts, with a manifest that says what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from twinev.errors import BadInput

MANIFEST = "manifest.json"
FORMAT = 1
# Level 1: most of what can be gained, at the speed of a disk.
_COMPRESSION = 1


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup is of.

    Parameters
    ----------
    database : str
        ``sqlite`` or ``postgresql``.
    revision : str
        The schema's.
    secret_key_sha256 : str or None
        Tells whether the secret key that keys the stations' HMACs is the same; the key itself it does not tell.
    parts : mapping
        The SHA-256 of each file.
    """

    format: int
    twinev: str
    made_at: str
    database: str
    revision: str
    secret_key_sha256: str | None
    parts: Mapping[str, str]

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def pack(folder: Path, target: Path, **described: Any) -> Manifest:
    """Write all files of ``folder`` into ``target``, which is for its owner alone, and whole or not there.

    Raises
    ------
    BadInput
        ``target`` is there already, or cannot be written.
    """
    if target.exists():
        raise BadInput("FILE", str(target), "a name that is free; a backup is never overwritten")
    parts = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    manifest = Manifest(format=FORMAT, parts=parts, **described)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2))
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=_COMPRESSION) as archive:
                for name in (MANIFEST, *parts):
                    archive.add(folder / name, arcname=name)
            stream.flush()
            os.fsync(stream.fileno())
        half.rename(target)
    except OSError as error:
        raise BadInput("FILE", str(target), f"a file to write to ({error.strerror})") from error
    finally:
        half.unlink(missing_ok=True)
    return manifest


def unpack(source: Path, folder: Path) -> Manifest:
    """Extract a backup into an empty folder, and check every part.

    Raises
    ------
    BadInput
        It is no backup, one of another format, or a damaged one.
    """
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            # Plain files without a folder; the filter refuses whatever would land elsewhere.
            archive.extractall(folder, filter="data")
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except FileNotFoundError as error:
        raise BadInput("FILE", str(source), f"a backup that is there ({error.filename} is not)") from error
    except (OSError, EOFError, tarfile.TarError, ValueError, TypeError) as error:
        raise BadInput("FILE", str(source), f"a backup of `twinev backup` ({error})") from error
    if manifest.format != FORMAT:
        raise BadInput("FILE", f"format {manifest.format}", f"format {FORMAT}, which this version of TwinEV reads")
    for name, expected in manifest.parts.items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise BadInput("FILE", str(source), f"an undamaged backup: its part {name} is not what was written")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
