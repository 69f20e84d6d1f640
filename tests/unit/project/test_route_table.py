"""docs/security.md says of every route and role what the tests try, no more and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_table_of_routes_is_that_of_the_tests() -> None:
    command = [sys.executable, "tests/route_roles.py", "--check", "docs/security.md"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
