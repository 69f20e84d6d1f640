"""Every notebook runs from top to bottom as it is committed, and is committed as it should be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_notebook_runs(notebook, tmp_path):
    # A process of its own: a kernel's sockets and threads are not this process's business.
    command = [sys.executable, "-m", "papermill", notebook, tmp_path / "run.ipynb", "--cwd", ROOT, "--no-progress-bar"]
    environment = {**os.environ, "PYTHONWARNINGS": "default", "JUPYTER_PLATFORM_DIRS": "1"}

    outcome = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)

    assert outcome.returncode == 0, outcome.stderr[-3000:]
    last = nbformat.read(tmp_path / "run.ipynb", as_version=4).cells[-1]
    assert last.cell_type == "code"
    assert last.outputs, "the last cell answers the question"


def test_notebook_is_thin_and_without_outputs(notebook):
    content = nbformat.read(notebook, as_version=4)
    code = [cell for cell in content.cells if cell.cell_type == "code"]

    assert content.cells[0].cell_type == "markdown"
    assert "?" in content.cells[0].source.splitlines()[0], "the first cell asks the question"
    assert "parameters" in content.cells[1].metadata.get("tags", [])
    assert not any(cell.outputs or cell.execution_count for cell in code)
    nodes = [node for cell in code for node in ast.walk(ast.parse(cell.source))]
    assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)) for node in nodes)
