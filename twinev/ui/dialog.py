"""A modal dialog of widgets over the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
from traitlets import Bool, Unicode

from twinev.ui import formats


class _Frame(anywidget.AnyWidget):
    """Invisible; makes the box that it lies in a dialog."""

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    is_open = Bool(default_value=False).tag(sync=True)
    title = Unicode().tag(sync=True)


class Dialog:
    """One dialog, shown with whatever content; Escape, its button and a click beside it close it.

    Put `widget` beside what it is to cover, not into it: what lies beside it is out of reach while it is open.

    Parameters
    ----------
    close_label : str
        What is on the button that closes it.
    """

    def __init__(self, *, close_label: str) -> None:
        self._frame = _Frame()
        self._title = widgets.HTML()
        self._on_close: Callable[[], None] | None = None
        close = widgets.Button(description=close_label)
        close.on_click(lambda _: self.close())
        head = widgets.HBox([self._title, close])
        head.add_class("tv-dialog-head")
        self._body = widgets.VBox()
        self._body.add_class("tv-dialog-body")
        sheet = widgets.VBox([self._frame, head, self._body])
        sheet.add_class("tv-dialog-sheet")
        self.widget = widgets.VBox([sheet])
        self.widget.add_class("tv-dialog")
        self._frame.observe(self._on_open, "is_open")

    @property
    def is_open(self) -> bool:
        return self._frame.is_open

    def show(
        self, title: str, content: Sequence[widgets.Widget], *, on_close: Callable[[], None] | None = None
    ) -> None:
        """Open it with this content; what it held before is closed first."""
        self._ended()
        self._on_close = on_close
        self.rename(title)
        self._body.children = tuple(content)
        self._frame.is_open = True

    def rename(self, title: str) -> None:
        """Give it another title; what it shows stays."""
        self._frame.title = title
        self._title.value = f"<h2>{formats.safe(title)}</h2>"

    def close(self) -> None:
        self._frame.is_open = False

    def _on_open(self, change: dict[str, object]) -> None:
        if not change["new"]:
            self._ended()

    def _ended(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()
