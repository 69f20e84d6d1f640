"""The energy of a session over time, by its meter: readings, and straight lines between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from operator import attrgetter

from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.services.read_meters import register_kwh

#: Energies are kept to the milliwatt-hour: what floats say beyond it is their noise. [kWh]
RESOLUTION_KWH = Decimal("0.000001")

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Energy since the session began. [kWh]"""

    at: datetime
    kwh: Decimal


@dataclass(frozen=True, kw_only=True)
class EnergyCurve:
    """Readings in order of time, from 0 kWh at the session's begin to its end or last measurement."""

    readings: tuple[Reading, ...]

    @property
    def start(self) -> datetime:
        return self.readings[0].at

    @property
    def end(self) -> datetime:
        return self.readings[-1].at

    @property
    def total_kwh(self) -> Decimal:
        return self.readings[-1].kwh

    def lines(self) -> Iterator[tuple[Reading, Reading]]:
        return pairwise(self.readings)

    def kwh_at(self, instant: datetime) -> Decimal:
        """Interpolate; before the begin it is 0, after the end the total. [kWh]"""
        place = bisect_right(self.readings, instant, key=attrgetter("at"))
        if place == 0:
            return self.readings[0].kwh
        if place == len(self.readings):
            return self.total_kwh
        before, after = self.readings[place - 1], self.readings[place]
        share = microseconds(instant - before.at) / microseconds(after.at - before.at)
        return (before.kwh + (after.kwh - before.kwh) * share).quantize(RESOLUTION_KWH)

    def power_kw_at(self, instant: datetime) -> Decimal:
        """The mean power between the two readings around an instant. [kW]"""
        place = min(max(bisect_right(self.readings, instant, key=attrgetter("at")), 1), len(self.readings) - 1)
        before, after = self.readings[place - 1], self.readings[place]
        if before.at == after.at:
            return Decimal(0)
        return (after.kwh - before.kwh) * 3_600_000_000 / microseconds(after.at - before.at)

    def instant_of(self, kwh: Decimal) -> datetime | None:
        """When so much energy had flowed; None when it never had, or from the beginning."""
        for before, after in self.lines():
            if before.kwh < kwh <= after.kwh:
                share = (kwh - before.kwh) / (after.kwh - before.kwh)
                return before.at + _MICROSECOND * int(share * microseconds(after.at - before.at))
        return None


def microseconds(duration: timedelta) -> Decimal:
    """A duration, exactly. [µs]"""
    return Decimal(duration // _MICROSECOND)


def energy_curve(session: ChargingSession, samples: Iterable[Sample]) -> EnergyCurve:
    """Read the session's curve, as far as it was measured, out of its samples.

    The station's total has the last word: readings above it, and readings below an earlier one, are left out. A session
    without readings gives its energy evenly. It is the energy that was drawn: what the EV gives back is not paid for.
    """
    end = max(session.ended_at or session.measured_at or session.started_at, session.started_at)
    total_kwh = _decimal(session.energy_kwh + session.returned_kwh)
    readings = [Reading(at=session.started_at, kwh=Decimal(0))]
    for at, kwh in _registers(session, samples):
        if session.started_at < at < end and readings[-1].kwh <= kwh <= total_kwh:
            readings.append(Reading(at=at, kwh=kwh))
    readings.append(Reading(at=end, kwh=total_kwh))
    return EnergyCurve(readings=tuple(readings))


def _registers(session: ChargingSession, samples: Iterable[Sample]) -> Iterator[tuple[datetime, Decimal]]:
    at_outlet = sorted((sample for sample in samples if sample.location == "Outlet"), key=attrgetter("timestamp"))
    start_kwh = session.meter_start_kwh
    for at, together in groupby(at_outlet, key=attrgetter("timestamp")):
        value = register_kwh(tuple(together))
        if value is None:
            continue
        start_kwh = value if start_kwh is None else start_kwh
        yield at, _decimal(value - start_kwh)


def _decimal(kwh: float) -> Decimal:
    return Decimal(repr(max(kwh, 0.0))).quantize(RESOLUTION_KWH)
