"""docs/ocpp.md lists the behaviours that the tests have, no more and no fewer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_table_of_behaviours_is_that_of_the_tests() -> None:
    command = [sys.executable, "tests/ocpp_behaviours.py", "--check", "docs/ocpp.md"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
