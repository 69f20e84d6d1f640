"""docs/acceptance.md says what the docstrings of the cases say, and that each of them held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import acceptance_page
import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = '''"""TWINEV_GRD_9: a case
of two lines.

Module under test: this one.
Elements validated: a, b,
    and c.
Features: f.
Preconditions: none.
Previous steps: none.
Dependencies: none.
Steps:
    1. Do this, which goes on
       here.
    2. Do that.
Postconditions: done.
Acceptance criteria:
    - It works.
Suspension criteria: it rains.
"""


def test_one() -> None: ...
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(acceptance_page, "FOLDER", tmp_path)
    return tmp_path


def test_page_of_cases_is_that_of_their_docstrings() -> None:
    command = [sys.executable, "tests/acceptance_page.py", "docs/acceptance.md", "--check"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_template_becomes_a_row_and_a_chapter(folder: Path) -> None:
    (folder / "test_TWINEV_GRD_9.py").write_text(TEMPLATE)

    text = acceptance_page.text_of(acceptance_page.cases(), {"TWINEV_GRD_9": "passed"})

    assert "| [TWINEV_GRD_9](#twinev_grd_9) | a case of two lines | passed |" in text
    assert "**Elements validated** · a, b, and c." in text
    assert "**Steps**\n\n1. Do this, which goes on here.\n2. Do that." in text
    assert "**Acceptance criteria**\n\n- It works." in text
    assert text.endswith("(../tests/acceptance/test_TWINEV_GRD_9.py): `test_one`")


def test_template_without_one_of_its_parts_is_refused(folder: Path) -> None:
    (folder / "test_TWINEV_GRD_9.py").write_text(TEMPLATE.replace("Suspension criteria: it rains.\n", ""))

    with pytest.raises(AssertionError, match="lacks Suspension criteria"):
        acceptance_page.cases()


def test_cases_come_in_the_papers_order(folder: Path) -> None:
    names = ["TWINEV_DRVR_2", "TWINEV_DRVR_10", "TWINEV_GRD_1", "TWINEV_DSHB_1"]
    for name in reversed(names):
        (folder / f"test_{name}.py").write_text(TEMPLATE.replace("TWINEV_GRD_9", name))

    assert [case.identifier for case in acceptance_page.cases()] == names
