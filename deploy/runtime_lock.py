"""Prints the part of ``requirements.lock`` that TwinEV runs on: without what only its tests and its development need.

Needs nothing but Python, for it runs while the image is built. The lock says of each package by whom it is wanted
(``# via``); kept is what the project's own dependencies want, directly or through others.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# How the lock names the project itself, and its development.
_PROJECT = "twinev (pyproject.toml)"
_NAME = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==")


def runtime_lock(text: str) -> str:
    """Return the blocks of the packages that are needed to run."""
    blocks = _blocks(text)
    wanted_by = {name: _via(block) for name, block in blocks.items()}
    kept = {name for name, via in wanted_by.items() if _PROJECT in via}
    while more := {name for name, via in wanted_by.items() if name not in kept and via & kept}:
        kept |= more
    return "".join(block for name, block in blocks.items() if name in kept)


def _blocks(text: str) -> dict[str, str]:
    """The lines of each package, by its name."""
    blocks: dict[str, str] = {}
    name = None
    for line in text.splitlines(keepends=True):
        if found := _NAME.match(line):
            name = found[1]
            blocks[name] = ""
        if name is not None:
            blocks[name] += line
    return blocks


def _via(block: str) -> set[str]:
    """By whom a package is wanted: after ``# via``, on that line or one a line."""
    lines = [line.strip().lstrip("#").strip() for line in block.splitlines() if line.strip().startswith("#")]
    return {line.removeprefix("via").strip() for line in lines} - {""}


if __name__ == "__main__":
    sys.stdout.write(runtime_lock(Path(sys.argv[1]).read_text(encoding="utf-8")))
