"""A reservation: an EVSE that is kept for one driver in a window of time, and the rules for making one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from twinev.domain.checks import require_finite
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput


class ReservationStatus(StrEnum):
    """What became of it.

    ``no_show``: the driver did not come though the EVSE was there for him. ``expired``: nobody came, and it was not.
    """

    ACTIVE = "active"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """An EVSE kept for a user.

    ``number`` is its id in OCPP. ``grace_minutes`` after the start it expires unless its driver has come.
    ``station_answer`` is what the station made of it (OCPP's status, or why it was not asked), None while not told.
    ``session_id`` is the session that used it.
    """

    id: str
    number: int
    user_id: str
    site_id: str
    station_id: str
    evse_id: int
    connector_type: str
    window: TimeWindow
    grace_minutes: float
    made_at: datetime
    status: ReservationStatus = ReservationStatus.ACTIVE
    told_at: datetime | None = None
    station_answer: str | None = None
    ended_at: datetime | None = None
    session_id: str | None = None

    @property
    def active(self) -> bool:
        return self.status is ReservationStatus.ACTIVE

    @property
    def expires_at(self) -> datetime:
        """When it lapses unless its driver has come; not after the window's end."""
        return min(self.window.start + timedelta(minutes=self.grace_minutes), self.window.end)


@dataclass(frozen=True, kw_only=True)
class ReservationRules:
    """What drivers may reserve, and when the platform acts.

    Parameters
    ----------
    horizon : timedelta
        How far ahead a window may end.
    shortest, longest : timedelta
        Of a window.
    max_active : int
        How many reservations one driver may have open at a time.
    grace_minutes : float
        How late a driver may come. [min]
    hold_before : timedelta
        How long before the start the station is told and others are refused: who plugs in then would still be there.
    soon : timedelta
        A window that begins within it needs an EVSE that works now; one later may find it repaired.
    no_shows_within : timedelta
        Over which time a driver's no-shows are counted.
    """

    horizon: timedelta = timedelta(days=7)
    shortest: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=12)
    max_active: int = 3
    grace_minutes: float = 15.0
    hold_before: timedelta = timedelta(minutes=10)
    soon: timedelta = timedelta(hours=2)
    no_shows_within: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        require_finite("grace_minutes", self.grace_minutes, at_least=1, at_most=240)

    def require_allowed(self, window: TimeWindow, now: datetime) -> None:
        """Raise `BadInput` for a window that is past, too short, too long or too far ahead."""
        if window.end <= now:
            raise BadInput("end", window.end.isoformat(), f"a time to come; it is {now.isoformat(timespec='seconds')}")
        if window.start < now - self.shortest:
            raise BadInput("start", window.start.isoformat(), "now or later")
        if not self.shortest <= window.length <= self.longest:
            raise BadInput("end", window.end.isoformat(), f"{self.shortest} to {self.longest} after the start")
        if window.end > now + self.horizon:
            raise BadInput("end", window.end.isoformat(), f"within {self.horizon.days} days from now")
