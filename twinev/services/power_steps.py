"""What meter samples say of the power over time, as steps; and the sum of many of them. Pure.

A reading of the power holds until the next one. Stations that send their energy register alone are taken at its slope:
the mean power since the reading before. Nothing flows outside a session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter

from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.services.read_meters import EXPORT_REGISTER, net_power_kw, register_kwh, total_of

#: A reading that is older says nothing: most stations send one every quarter of an hour, or more often.
HOLD = timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True)
class PowerStep:
    """A constant power within [start, end). [kW]"""

    start: datetime
    end: datetime
    power_kw: float

    @property
    def hours(self) -> float:
        return (self.end - self.start) / timedelta(hours=1)

    def within(self, start: datetime, end: datetime) -> PowerStep | None:
        """The part of it within [start, end); None where there is none."""
        start, end = max(self.start, start), min(self.end, end)
        return PowerStep(start=start, end=end, power_kw=self.power_kw) if start < end else None


@dataclass(frozen=True, kw_only=True)
class MeteredPower:
    """The steps of one session's power; ``silent`` when for longer than `HOLD` nothing was known of it."""

    steps: tuple[PowerStep, ...]
    silent: bool


def metered_power(
    session: ChargingSession, samples: Iterable[Sample], *, start: datetime, until: datetime
) -> MeteredPower:
    """Return the session's power within [start, until), from all samples of its EVSE around that time.

    Parameters
    ----------
    samples : iterable of Sample
        From `HOLD` before ``start`` on; those outside the session are left out.
    """
    begun, ended = session.started_at, min(session.ended_at or until, until)
    mine = [one for one in samples if one.location == "Outlet" and begun <= one.timestamp]
    mine.sort(key=attrgetter("timestamp"))
    readings = [(at, tuple(together)) for at, together in groupby(mine, key=attrgetter("timestamp"))]
    known = [(at, net_power_kw(together)) for at, together in readings]
    if any(power_kw is not None for _, power_kw in known):
        steps = _held([(at, power_kw) for at, power_kw in known if power_kw is not None], ended)
    else:
        steps = _slopes(readings)
    clipped = [part for step in steps if (part := step.within(max(start, begun), ended)) is not None]
    return MeteredPower(steps=tuple(clipped), silent=_silent(clipped, max(start, begun), ended))


def summed(steps: Iterable[PowerStep], *, start: datetime, until: datetime) -> tuple[PowerStep, ...]:
    """Return the sum of steps that may overlap, without gaps over [start, until)."""
    changes: dict[datetime, float] = defaultdict(float, {start: 0.0, until: 0.0})
    for step in steps:
        part = step.within(start, until)
        if part is not None:
            changes[part.start] += part.power_kw
            changes[part.end] -= part.power_kw
    total, power_kw = [], 0.0
    for at, after in pairwise(sorted(changes)):
        power_kw += changes[at]
        # Sums of floats that cancel leave dust behind.
        total.append(PowerStep(start=at, end=after, power_kw=round(power_kw, 6) + 0.0))
    return tuple(total)


def means_kw(steps: Sequence[PowerStep], *, start: datetime, until: datetime, step_seconds: float) -> tuple[float, ...]:
    """Return the mean power over each ``step_seconds`` from ``start``; the last one may be shorter. [kW]"""
    width = timedelta(seconds=step_seconds)
    means = []
    remaining = iter(steps)
    current = next(remaining, None)
    edge = start
    while edge < until:
        end = min(edge + width, until)
        energy_kwh = 0.0
        while current is not None and current.start < end:
            part = current.within(edge, end)
            energy_kwh += part.power_kw * part.hours if part else 0.0
            if current.end > end:
                break
            current = next(remaining, None)
        means.append(round(energy_kwh / ((end - edge) / timedelta(hours=1)), 3))
        edge = end
    return tuple(means)


def _held(readings: Sequence[tuple[datetime, float]], ended: datetime) -> list[PowerStep]:
    """Each reading holds until the next, the last until the session's end; none longer than `HOLD`."""
    ends = [at for at, _ in readings[1:]] + [max(ended, readings[-1][0])]
    return [
        PowerStep(start=at, end=min(end, at + HOLD), power_kw=power_kw)
        for (at, power_kw), end in zip(readings, ends, strict=True)
        if at < end
    ]


def _slopes(readings: Sequence[tuple[datetime, tuple[Sample, ...]]]) -> list[PowerStep]:
    """The mean power between two readings of the energy registers."""
    levels = [
        (at, imported - (total_of(together, EXPORT_REGISTER) or 0.0))
        for at, together in readings
        if (imported := register_kwh(together)) is not None
    ]
    return [
        PowerStep(start=at, end=after, power_kw=(after_kwh - kwh) / ((after - at) / timedelta(hours=1)))
        for (at, kwh), (after, after_kwh) in pairwise(levels)
    ]


def _silent(steps: Sequence[PowerStep], begun: datetime, ended: datetime) -> bool:
    """Whether between ``begun`` and ``ended`` the steps leave a gap that is longer than a reading may hold."""
    known_until = begun
    for step in steps:
        if step.start - known_until > HOLD:
            return True
        known_until = max(known_until, step.end)
    return ended - known_until > HOLD
