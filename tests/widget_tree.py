"""Finds parts of ipywidgets without a browser, as a person would: by what stands on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import ipywidgets as widgets

Kind = TypeVar("Kind", bound=widgets.Widget)


def every(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """The widget and all within it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def html_of(widget: widgets.Widget) -> str:
    """All HTML within it."""
    return "".join(part.value for part in every(widget) if isinstance(part, widgets.HTML))


def named(widget: widgets.Widget, kind: type[Kind], description: str) -> Kind:
    """The first of its kind whose description is, or has in it, those words."""
    return next(part for part in every(widget) if isinstance(part, kind) and description in part.description)


def button(widget: widgets.Widget, description: str) -> widgets.Button:
    """The first button on which exactly that stands."""
    return next(part for part in every(widget) if isinstance(part, widgets.Button) and part.description == description)


def shown(widget: widgets.Widget) -> bool:
    """Whether it is neither taken out nor hidden."""
    return widget.layout.display != "none" and widget.layout.visibility != "hidden"
