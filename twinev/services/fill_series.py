"""What stands in for values that nobody has sent yet, so that a plan can be made and says what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from twinev.domain.tariff import SeriesKind

LABELS = {
    SeriesKind.PRICE: "price",
    SeriesKind.DEMAND: "demand of the site",
    SeriesKind.PRODUCTION: "production of the site",
    SeriesKind.FLEXIBILITY: "flexibility order",
    SeriesKind.RENEWABLE_SHARE: "renewable share",
}

# Only what changes slowly is carried on: production and orders that nobody announced are none.
CARRIED_ON = frozenset({SeriesKind.PRICE, SeriesKind.DEMAND})


def fill_missing(
    kind: SeriesKind, values: Sequence[float | None], *, slots: int, yesterday: Sequence[float | None] = ()
) -> tuple[tuple[float, ...], str | None]:
    """Return a value for every slot, and a sentence about those that stand in (None where all were known).

    A missing price is that of the same slot a day earlier, else the last one known; a missing demand the last one
    known; anything else that is missing is zero. Nothing known at all is zero too.
    """
    known = list(values) if values else [None] * slots
    filled: list[float] = []
    counts = {"the same hour of yesterday": 0, "the last known value": 0, "zero": 0}
    last: float | None = None
    for value, day_before in zip(known, [*yesterday, *repeat(None, slots - len(yesterday))], strict=True):
        source = None
        if value is None:
            value, source = _stand_in(kind, last, day_before)  # noqa: PLW2901 - the slot's value is what we settle on
            counts[source] += 1
        filled.append(value)
        if source != "zero":
            last = value
    return tuple(filled), _sentence(kind, counts, silent=not any(value is not None for value in known))


def _stand_in(kind: SeriesKind, last: float | None, yesterday: float | None) -> tuple[float, str]:
    if kind is SeriesKind.PRICE and yesterday is not None:
        return yesterday, "the same hour of yesterday"
    if kind in CARRIED_ON and last is not None:
        return last, "the last known value"
    return 0.0, "zero"


def _sentence(kind: SeriesKind, counts: dict[str, int], *, silent: bool) -> str | None:
    # A site without PV, orders or green figures is the usual case and no news.
    if silent and kind is not SeriesKind.PRICE:
        return None
    parts = [f"{count} slots take {source}" for source, count in counts.items() if count]
    return f"The {LABELS[kind]} is not known everywhere: {', '.join(parts)}." if parts else None
