"""A button that acts on its second click: for what takes hold at once and others feel."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets


class SureButton:
    """Asks after the first click, acts after the second.

    Parameters
    ----------
    words, question : str
        What stands on it before and after the first click.
    act : callable
        What the second click does.
    style : str
        ipywidgets' style of the button before the first click.
    """

    def __init__(self, *, words: str, question: str, act: Callable[[], None], style: str = "") -> None:
        self._words, self._question, self._act, self._style = words, question, act, style
        self._asked = False
        self.widget = widgets.Button(description=words, button_style=style)
        self.widget.on_click(self._on_click)

    def reset(self) -> None:
        """Whoever was asked about something else was not asked about this."""
        self._ask(asked=False)

    def _on_click(self, _: object) -> None:
        act = self._asked
        self._ask(asked=not self._asked)
        if act:
            self._act()

    def _ask(self, *, asked: bool) -> None:
        self._asked = asked
        self.widget.description = self._question if asked else self._words
        self.widget.button_style = "danger" if asked else self._style
