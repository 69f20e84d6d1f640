"""Rows of widgets that look like a table: each cell names its column to a screen reader, and to all on a narrow screen.

Rows with buttons are widgets of their own, which no HTML table can hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from twinev.ui import formats


def head_html(columns: Iterable[str]) -> str:
    """The names of the columns, for the eyes alone."""
    return "".join(f'<div aria-hidden="true">{formats.safe(name)}</div>' for name in columns)


def cells_html(columns: Iterable[str], cells: Iterable[str]) -> str:
    """The cells of one row; ``cells`` are HTML already."""
    return "".join(
        f'<div class="tv-cell" data-name="{formats.safe(name)}">'
        f'<div><span class="tv-hidden">{formats.safe(name)}: </span>{cell}</div></div>'
        for name, cell in zip(columns, cells, strict=True)
    )
