"""An instant that somebody may name: aware, and far enough from the calendar's edges to be reckoned with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reach(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"allowed is a time from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}")
    return instant


#: Of requests. What stations say is kept as they say it: the clock of one that lost its battery begins in 1970.
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_within_reach),
    Field(description=f"From {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}."),
]
