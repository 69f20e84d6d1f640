"""What a file of past charging sessions says of each of them, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.checks import require_finite, require_text, require_utc


@dataclass(frozen=True, kw_only=True)
class DriverInput:
    """What a driver said at ``told_at``; None where nothing that can be read was said.

    The values are as given: a departure may lie before the arrival, `twinev.services.replay.wishes` judges that.
    """

    told_at: datetime
    energy_kwh: float | None
    departure_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RecordedSession:
    """One past session. ``inputs`` are in the order in which they were given; ``done_at`` is when charging ended.

    ``driver_id`` is None for sessions that nobody claimed; ``time_zone`` is the site's IANA name.
    """

    id: str
    station_id: str
    driver_id: str | None
    time_zone: str
    connected_at: datetime
    disconnected_at: datetime
    done_at: datetime | None
    delivered_kwh: float
    inputs: tuple[DriverInput, ...] = ()

    def __post_init__(self) -> None:
        require_text("id", self.id)
        require_text("station_id", self.station_id)
        require_finite("delivered_kwh", self.delivered_kwh)
        for name in ("connected_at", "disconnected_at"):
            object.__setattr__(self, name, require_utc(name, getattr(self, name)))

    @property
    def stay(self) -> timedelta:
        """From plug-in to departure."""
        return self.disconnected_at - self.connected_at

    @property
    def stay_hours(self) -> float:
        return self.stay / timedelta(hours=1)

    @property
    def charging_hours(self) -> float:
        """From plug-in to the end of charging, or to the departure where that end is missing or impossible. [h]"""
        if self.done_at is None or not self.connected_at < self.done_at <= self.disconnected_at:
            return self.stay_hours
        return (self.done_at - self.connected_at) / timedelta(hours=1)
