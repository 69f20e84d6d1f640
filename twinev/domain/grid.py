"""The grid model: the limits that an operator sets, and whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.area import Area
from twinev.domain.checks import require_finite, require_utc
from twinev.errors import BadInput


class Enforcement(StrEnum):
    """How far a restriction has come, from its order to the meter."""

    SCHEDULED = "scheduled"  # its window has not begun
    PENDING = "pending"  # profiles are on their way
    ENFORCED = "enforced"  # accepted, read back, and the meters agree
    PARTLY = "partly"  # some stations do not follow
    NOT_ENFORCED = "not_enforced"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """A grid operator's cap on the SUM of the selected stations' power within [start, end).

    Where sites or an area were ordered, ``site_ids`` or ``area`` say so, and ``station_ids`` are the stations that
    were there at that time. Without ``v2g`` no EV of theirs may give energy back within the window.
    """

    id: str
    station_ids: tuple[str, ...]
    limit_kw: float
    start: datetime
    end: datetime
    v2g: bool = False
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = None
    site_ids: tuple[str, ...] = ()
    area: Area | None = None

    def __post_init__(self) -> None:
        if not self.station_ids:
            raise BadInput("station_ids", list(self.station_ids), "at least one station")
        require_finite("limit_kw", self.limit_kw, at_least=0)
        object.__setattr__(self, "start", require_utc("start", self.start))
        object.__setattr__(self, "end", require_utc("end", self.end))
        if self.end <= self.start:
            raise BadInput("end", self.end.isoformat(), f"a time after start, {self.start.isoformat()}")

    def in_force(self, instant: datetime) -> bool:
        """Whether the cap rules at ``instant``."""
        return self.revoked_at is None and self.start <= instant < self.end


class RestrictionAct(StrEnum):
    """What somebody did to a restriction."""

    ORDERED = "ordered"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class RestrictionChange:
    """One entry of a restriction's history: who did what when, and what held from then on."""

    restriction_id: str
    at: datetime
    by: str
    act: RestrictionAct
    limit_kw: float
    end: datetime
    v2g: bool
