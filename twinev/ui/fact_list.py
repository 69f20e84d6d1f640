"""Names and values, tables of figures and buttons' answers as HTML; whatever comes in is escaped here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from twinev.ui import formats


class Markup(str):
    """HTML that was made here and is shown as it is; all other text is escaped."""


def html_of(content: object) -> str:
    """Markup as it is, else the text, harmless."""
    return content if isinstance(content, Markup) else escape(str(content), quote=True)


def facts_html(facts: Mapping[str, object | None]) -> Markup:
    """A list of names and values; what is None or empty is left out."""
    items = (
        f"<div><dt>{formats.safe(name)}</dt><dd>{html_of(value)}</dd></div>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    return Markup(f'<dl class="tv-facts">{"".join(items)}</dl>')


def table_html(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    numbers: frozenset[int] = frozenset(),
    foot: Iterable[Sequence[object]] = (),
) -> Markup:
    """A table; ``numbers`` are the places of columns of figures, ``foot`` rows below it (a name, and a figure)."""
    head = "".join(
        f'<th scope="col"{_number(place, numbers)}>{formats.safe(name)}</th>' for place, name in enumerate(columns)
    )
    body = "".join(f"<tr>{_cells(row, numbers)}</tr>" for row in rows)
    last = len(columns) - 1
    sums = "".join(
        f'<tr><th scope="row" colspan="{last}">{html_of(name)}</th><td class="tv-number">{html_of(figure)}</td></tr>'
        for name, figure in foot
    )
    tail = f"<tfoot>{sums}</tfoot>" if sums else ""
    return Markup(
        f'<div class="tv-table" tabindex="0" role="region" aria-label="{formats.safe(caption)}">'
        f'<table><caption class="tv-hidden">{formats.safe(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{tail}</table></div>"
    )


def section_html(title: str, content: object) -> Markup:
    """A heading and what belongs under it."""
    return Markup(f"<section><h3>{formats.safe(title)}</h3>{html_of(content)}</section>")


def paragraph_html(words: str, *, look: str = "tv-detail") -> Markup:
    return Markup(f'<p class="{look}">{formats.safe(words)}</p>')


def error_html(error: object) -> Markup:
    """What went wrong, read out at once."""
    return Markup(f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>')


def answer_html(words: str, *, good: bool) -> Markup:
    """What came of something, read out at once; colour alone does not say it."""
    look = "tv-answer-good" if good else "tv-answer-bad"
    return Markup(f'<p class="tv-answer {look}" role="status">{formats.safe(words)}</p>')


def busy_html(words: str) -> Markup:
    return Markup(f'<p class="tv-busy" role="status">{formats.safe(words)}</p>')


def json_html(content: object, *, name: str) -> Markup:
    """JSON to read, however long."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    return Markup(f'<pre class="tv-json" tabindex="0" role="region" aria-label="{formats.safe(name)}">'
                  f"{formats.safe(text)}</pre>")  # fmt: skip


def _cells(row: Sequence[object], numbers: frozenset[int]) -> str:
    return "".join(f"<td{_number(place, numbers)}>{html_of(cell)}</td>" for place, cell in enumerate(row))


def _number(place: int, numbers: frozenset[int]) -> str:
    return ' class="tv-number"' if place in numbers else ""
