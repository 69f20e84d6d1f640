"""A table of rows with buttons, as one widget: long lists stay light, and rows that did not change stay untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import anywidget
from traitlets import List, Unicode

Tone = Literal["", "good", "warn", "problem", "quiet"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column and its name; numbers stand at the right."""

    name: str
    number: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Text, with more of it below in ``small`` and when pointed at in ``title``; ``tone`` makes it a coloured state."""

    text: str
    small: str = ""
    title: str = ""
    tone: Tone = ""
    number: bool = False


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button of a row: what is on it, and what it is called where its row is not seen."""

    key: str
    label: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row; a click on it does what its first button does."""

    id: str
    cells: tuple[Cell, ...]
    actions: tuple[Action, ...] = field(default=())


class DataTable(anywidget.AnyWidget):
    """The table in the browser.

    Parameters
    ----------
    columns : sequence of Column
        As many as each row has cells.
    caption : str
        What the table is of, for who does not see it.
    empty : str
        What stands there instead of a table without rows.
    actions_name : str
        The name of the column of buttons.
    """

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    columns = List().tag(sync=True)
    rows = List().tag(sync=True)
    caption = Unicode().tag(sync=True)
    empty = Unicode().tag(sync=True)
    actions_name = Unicode().tag(sync=True)

    def __init__(self, columns: Sequence[Column], *, caption: str, empty: str = "", actions_name: str = "") -> None:
        super().__init__(
            columns=[asdict(column) for column in columns], caption=caption, empty=empty, actions_name=actions_name
        )
        self._on_action: list[Callable[[str, str], None]] = []
        self.on_msg(self._take)

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        """Show these rows; the browser is told only if they differ."""
        if empty is not None:
            self.empty = empty
        self.rows = [_plain(row) for row in rows]

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call back with a row's id and the key of its button."""
        self._on_action.append(callback)

    def _take(self, _: object, content: Any, __: object) -> None:
        known = {row["id"]: {action["key"] for action in row["actions"]} for row in self.rows}
        row_id, key = content.get("row"), content.get("action")
        # A row may have gone while the click was on its way.
        if key in known.get(row_id, ()):
            for callback in self._on_action:
                callback(row_id, key)


def _plain(row: Row) -> dict[str, Any]:
    return asdict(row) | {"cells": [asdict(cell) for cell in row.cells], "actions": [asdict(a) for a in row.actions]}
