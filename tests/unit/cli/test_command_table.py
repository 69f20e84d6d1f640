"""The table of commands: it lists what there is, and listing loads nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import twinev.cli
from twinev.cli import COMMANDS


def test_table_has_a_row_for_each_module_that_is_a_command() -> None:
    modules = Path(twinev.cli.__file__).parent.glob("[!_]*.py")
    commands = {path.stem for path in modules if "typer.Typer(" in path.read_text(encoding="utf-8")}

    assert commands == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_module_has_an_app(name: str) -> None:
    assert import_module(f"twinev.cli.{name}").app.registered_commands


def test_help_loads_no_command() -> None:
    code = (
        "import sys; sys.argv = ['twinev', '--help']\n"
        "from twinev.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('twinev.cli.')])"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout

    assert "optimise" in shown
    assert shown.rstrip().endswith("[]")
