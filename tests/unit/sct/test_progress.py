"""Progress of a solve: its text, and where it is shown."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from twinev.sct import optimise
from twinev.sct.progress import PATIENCE_SECONDS, REDRAW_SECONDS, Progress, progress_text, show_progress


class _Terminal(io.StringIO):
    def isatty(self):
        return True


class _Shell:
    """A Jupyter kernel's shell, as far as progress knows it."""

    def __init__(self):
        self.kernel = object()
        self.display_pub = self
        self.published = []

    def publish(self, *, data, metadata, transient, update):
        self.published.append((data["text/plain"], transient["display_id"], update))


@pytest.fixture
def shell(monkeypatch):
    shell = _Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return shell


def test_progress_text_leaves_out_what_is_not_known():
    assert progress_text(Progress(stage="shortfall", seconds=0.04)) == "shortfall · 0.0 s"
    known = Progress(stage="cost", seconds=12.34, incumbent=41.2, bound=41.1, gap=0.0024)
    assert progress_text(known) == "cost · 12.3 s · best 41.2 · bound 41.1 · gap 0.24 %"


@pytest.fixture
def open_terminal(monkeypatch):
    """To be called within the test: pytest's own capture replaces stderr when the test begins."""

    def open_one():
        terminal = _Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        return terminal

    return open_one


def test_progress_in_a_terminal_keeps_to_one_line(open_terminal):
    terminal = open_terminal()
    listen = show_progress()
    listen(Progress(stage="shortfall", seconds=1.1))
    listen(Progress(stage="cost", seconds=1.2))

    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith("cost · 1.2 s\r")


def test_progress_is_redrawn_a_few_times_a_second_at_most(open_terminal):
    terminal = open_terminal()
    listen = show_progress()

    for seconds in (1, 1 + REDRAW_SECONDS / 2, 1 + REDRAW_SECONDS * 1.5):
        listen(Progress(stage="cost", seconds=seconds))

    assert terminal.getvalue().count("cost") == 2


def test_progress_in_a_terminal_vanishes_at_the_end(open_terminal):
    terminal = open_terminal()
    listen = show_progress()
    listen(Progress(stage="cost", seconds=1))
    listen(Progress(stage="done", seconds=1.01))

    assert terminal.getvalue().endswith("\x1b[2K\r")


def test_progress_in_jupyter_tells_how_it_ended(shell):
    listen = show_progress()
    listen(Progress(stage="cost", seconds=1))
    listen(Progress(stage="done", seconds=1.01, incumbent=3.0))

    assert shell.published[-1][0] == "done · 1.0 s · best 3"


def test_progress_of_a_short_solve_leaves_no_trace(open_terminal):
    terminal = open_terminal()
    listen = show_progress()

    listen(Progress(stage="cost", seconds=PATIENCE_SECONDS / 2))
    listen(Progress(stage="done", seconds=PATIENCE_SECONDS * 2))

    assert not terminal.getvalue()


def test_progress_is_silent_when_piped(capfd):
    show_progress()(Progress(stage="cost", seconds=2))

    assert capfd.readouterr() == ("", "")


def test_progress_in_jupyter_updates_one_output(shell):
    listen = show_progress()
    listen(Progress(stage="shortfall", seconds=1.1))
    listen(Progress(stage="cost", seconds=1.2))

    (_, first, new), (text, second, again) = shell.published
    assert (new, again) == (False, True)
    assert first == second
    assert text == "cost · 1.2 s"


def test_progress_of_the_next_solve_is_another_output(shell):
    listen = show_progress()
    listen(Progress(stage="cost", seconds=5))
    listen(Progress(stage="cost", seconds=1))

    (_, first, _), (_, second, update) = shell.published
    assert first != second
    assert not update


def test_optimise_tells_how_far_it_has_come(problem):
    heard = []

    optimise(problem(), on_progress=heard.append)

    assert [progress.stage for progress in heard][-1] == "done"
    assert all(isinstance(progress, Progress) for progress in heard)
