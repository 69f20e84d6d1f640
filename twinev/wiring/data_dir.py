"""The data directory: who may use it, and the secrets and state that live in it."""

from __future__ import annotations

import fcntl
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinev.clock import PlatformClock
from twinev.errors import BadInput, Conflict
from twinev.private_file import write_private


@contextmanager
def held(data_dir: Path) -> Iterator[Path]:
    """Make the directory (0700) and hold it, so that two systems never share one.

    Raises
    ------
    BadInput
        It cannot be made or written to.
    Conflict
        Another `twinev up` holds it.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise BadInput("TWINEV_DATA_DIR", str(data_dir), f"a directory to write to ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Conflict(
            f"another `twinev up` runs on {data_dir}; end it first, or set TWINEV_DATA_DIR to another directory"
        ) from error
    try:
        yield data_dir
    finally:
        lock.close()


def secret_key(data_dir: Path) -> str:
    """Return the key that signs cookies and keys HMACs; it is made at the first call and kept with mode 0600."""
    path = data_dir / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def resumed_clock(data_dir: Path, speed: float) -> PlatformClock:
    """Return the clock for this run: never behind what an accelerated earlier run has reached."""
    path = data_dir / "clock.json"
    reached = json.loads(path.read_text())["reached"] if path.exists() else 0.0
    now = time.time()
    if speed == 1.0 and reached <= now:
        return PlatformClock()
    return PlatformClock(speed=speed, wall_origin=now, platform_origin=max(now, reached))


def remember_clock(data_dir: Path, clock: PlatformClock) -> None:
    """Keep how far the clock has come, for the next run."""
    write_private(data_dir / "clock.json", json.dumps({"reached": clock.now().timestamp()}))
