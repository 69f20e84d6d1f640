"""What the analysis of a day is counted from, and the days that were counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from twinev.domain.reservation import ReservationStatus
from twinev.domain.site_day import SiteDay


@dataclass(frozen=True, kw_only=True)
class CountedSession:
    """A charging session as far as it is counted; the fields are those of `ChargingSession`."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    measured_at: datetime | None
    energy_kwh: float
    returned_kwh: float
    meter_start_kwh: float | None
    export_start_kwh: float | None


@dataclass(frozen=True, kw_only=True)
class QuarterReadings:
    """The readings of one register of a session within a quarter of an hour: the first and the last of them. [kWh]"""

    session_id: str
    measurand: str
    first_at: datetime
    last_at: datetime
    lowest_kwh: float
    highest_kwh: float


class Analysis(Protocol):
    """Sums and pieces of one site over [start, end); nothing of it is larger than a day's sessions."""

    def first_session(self, site_id: str) -> datetime | None:
        """When the first session there began; None where none did."""

    def sessions(self, site_id: str, start: datetime, end: datetime) -> Sequence[CountedSession]:
        """Sessions that were under way at some time of it."""

    def readings(self, site_id: str, start: datetime, end: datetime) -> Iterable[QuarterReadings]:
        """The registers at the outlet of these sessions, from a day before to a day after; by session, then time."""

    def reservations(self, site_id: str, start: datetime, end: datetime) -> Mapping[ReservationStatus, int]:
        """How many reservations began in it, by what became of them."""

    def billed(self, site_id: str, start: datetime, end: datetime) -> Mapping[str, tuple[int, float]]:
        """How many charge detail records were made in it, and their sum without VAT, by currency."""

    def plans(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[datetime, str]]:
        """When the plans of it were made, and their ids, in order; the first is the last one from before it."""

    def traces(self, site_id: str, start: datetime, end: datetime) -> str:
        """Something short that differs when what the period is counted from differs."""


class SiteDays(Protocol):
    """Days that were counted once, so that a month is read without its meter values."""

    def between(self, site_id: str, first: date, last: date) -> Mapping[str, SiteDay]:
        """The counted days from ``first`` to ``last``, both included, by their names."""

    def traces(self, site_id: str, first: date, last: date) -> Mapping[str, str]:
        """Of each of these days the traces that it was counted with."""

    def save(self, day: SiteDay, traces: str) -> None: ...
