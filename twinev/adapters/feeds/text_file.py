"""Reads a text file that may be gzipped, and says in one line what is wrong with it."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from twinev.errors import BadInput

_GZIP_MAGIC = b"\x1f\x8b"


def read_text(path: Path, key: str) -> str:
    """Return the file's text, unpacked where it is gzip (by its first bytes, not its name); UTF-8.

    Raises
    ------
    BadInput
        The file cannot be read or is not text; ``key`` names the option or argument that gave the path.
    """
    try:
        raw = path.read_bytes()
        if raw.startswith(_GZIP_MAGIC):
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(key, str(path), f"a file that can be read ({reason})") from error
    except UnicodeDecodeError as error:
        raise BadInput(key, str(path), f"UTF-8 text (byte {error.start} is not)") from error
