"""How far a long solve has come: the best plan so far, the bound proven so far, and how far apart they are."""

from __future__ import annotations

import html
import math
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

# A terminal or a notebook that is redrawn more often shows nothing more.
REDRAW_SECONDS = 0.1
# A solve that is over by then leaves no trace.
PATIENCE_SECONDS = 0.5
DONE = "done"
BEGINNING_OF_LINE, ERASE_LINE = "\r", "\r\x1b[2K"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One look at a solve.

    Parameters
    ----------
    stage : str
        What is being minimised: ``limit excess``, ``shortfall``, ``fair share``, ``cost``, a profile's name, ``ties``.
        ``done`` comes last, with the plan's own objective, bound and gap.
    seconds : float
        Since the call began. [s]
    incumbent, bound : float or None
        Value of the best plan found in this stage, and what is proven that no plan is better than. None: not yet known.
    gap : float or None
        Their relative distance. None while one of them is unknown.
    """

    stage: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


ProgressListener = Callable[[Progress], None]


def progress_text(progress: Progress) -> str:
    """``cost · 12.3 s · best 41.2 · bound 41.1 · gap 0.24 %``; what is not known is left out."""
    parts = [progress.stage, f"{progress.seconds:.1f} s"]
    if progress.incumbent is not None:
        parts.append(f"best {progress.incumbent:.6g}")
    if progress.bound is not None:
        parts.append(f"bound {progress.bound:.6g}")
    if progress.gap is not None:
        parts.append(f"gap {100 * progress.gap:.2f} %")
    return " · ".join(parts)


def show_progress() -> ProgressListener:
    """Return a listener for ``optimise(…, on_progress=show_progress())`` that keeps one line up to date.

    In Jupyter it is an output that changes, and tells at the end what was proven; in a terminal a line on stderr, which
    vanishes; elsewhere nothing is shown, nor where the solve takes no time to speak of. One listener may serve several
    solves, one after the other.
    """
    shell = _jupyter_shell()
    if shell is not None:
        return _ProgressLine(_JupyterOutput(shell))
    return _ProgressLine(_TerminalLine()) if sys.stderr.isatty() else _ignore


class _Canvas(Protocol):
    def begin(self) -> None: ...

    def write(self, text: str) -> None: ...

    def end(self, text: str) -> None: ...


class _ProgressLine:
    """Draws each stage's beginning, and no more than a few times a second after."""

    def __init__(self, canvas: _Canvas) -> None:
        self._canvas = canvas
        self._heard = Progress(stage="", seconds=math.inf)
        self._drawn: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        if progress.seconds < self._heard.seconds:
            self._canvas.begin()
            self._drawn = None
        self._heard = progress
        if progress.stage == DONE and self._drawn is not None:
            self._canvas.end(progress_text(progress))
        elif progress.stage != DONE and progress.seconds >= PATIENCE_SECONDS and self._is_news(progress):
            self._drawn = progress
            self._canvas.write(progress_text(progress))

    def _is_news(self, progress: Progress) -> bool:
        drawn = self._drawn
        return drawn is None or progress.stage != drawn.stage or progress.seconds - drawn.seconds >= REDRAW_SECONDS


class _TerminalLine:
    """One line on stderr; the cursor stays at its beginning, so that what is printed next takes its place."""

    def begin(self) -> None:
        """The same line serves every solve."""

    def write(self, text: str) -> None:
        print(ERASE_LINE + text, end=BEGINNING_OF_LINE, file=sys.stderr, flush=True)

    def end(self, text: str) -> None:
        """Leave nothing behind."""
        self.write("")


class _JupyterOutput:
    """One output of the running cell; the messages are Jupyter's own, IPython is not imported."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.begin()

    def begin(self) -> None:
        """The next solve may run in another cell."""
        self._display_id = uuid.uuid4().hex
        self._exists = False

    def write(self, text: str) -> None:
        self._shell.display_pub.publish(
            data={"text/plain": text, "text/html": f"<code>{html.escape(text)}</code>"},
            metadata={},
            transient={"display_id": self._display_id},
            update=self._exists,
        )
        self._exists = True

    def end(self, text: str) -> None:
        """The output stays in the notebook: it says how the solve ended."""
        self.write(text)


def _jupyter_shell() -> Any:
    """The shell of the kernel that runs this, None outside one; a terminal's IPython is a terminal."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _ignore(progress: Progress) -> None:
    """Nobody looks."""
