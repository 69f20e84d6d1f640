"""A button that asks whether it was meant before it does something that hurts."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from twinev.ui import formats


class SureQuestion:
    """First a button; once clicked the question, with a button to do it and one to go back.

    Parameters
    ----------
    label, sure, back : str
        What is on the three buttons.
    act : callable
        Called when it was meant.
    """

    def __init__(self, label: str, *, sure: str, back: str, act: Callable[[], None]) -> None:
        self.question = ""
        self._act = act
        self._words = widgets.HTML()
        self._first = widgets.Button(description=label)
        self._sure = widgets.Button(description=sure, button_style="danger")
        back_button = widgets.Button(description=back)
        self._asked = widgets.HBox([self._words, self._sure, back_button])
        self._asked.add_class("tv-sure")
        self.widget = widgets.HBox([self._first, self._asked])
        self._first.on_click(lambda _: self._ask())
        self._sure.on_click(lambda _: self._on_sure())
        back_button.on_click(lambda _: self.reset())
        self.reset()

    def reset(self) -> None:
        """Ask nothing."""
        self._first.layout.display = None
        self._asked.layout.display = "none"

    def _ask(self) -> None:
        self._words.value = f'<p role="alert">{formats.safe(self.question)}</p>'
        self._first.layout.display = "none"
        self._asked.layout.display = None
        # By keyboard one goes on from the question.
        self._sure.focus()

    def _on_sure(self) -> None:
        self.reset()
        self._act()
