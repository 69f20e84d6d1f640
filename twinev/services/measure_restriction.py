"""How well a restriction was kept: what its stations were measured to draw, beside what was ordered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.facts import Sample
from twinev.domain.grid import Restriction, RestrictionChange
from twinev.services.compare_meter import exceeds
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.power_steps import HOLD, PowerStep, means_kw, metered_power, summed
from twinev.services.read_meters import EXPORT, EXPORT_REGISTER, IMPORT, REGISTER

#: Of a longer one its last part is measured.
LONGEST = timedelta(days=32)
MOST_STEPS = 180
STEP_SECONDS = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600)
MEASURANDS = (IMPORT, EXPORT, REGISTER, EXPORT_REGISTER)


@dataclass(frozen=True, kw_only=True)
class OrderedLimit:
    """A limit that held within [start, end). [kW]"""

    start: datetime
    end: datetime
    limit_kw: float


@dataclass(frozen=True, kw_only=True)
class MeasuredRestriction:
    """The stations' sum within [start, until), and how it compares.

    ``measured_kw`` is its mean over each ``step_seconds``; ``highest_kw``, ``kept_share`` (of the time, 0 to 1) and
    ``excess_kwh`` (the energy above the limit) come from the readings themselves. The three are None, None and 0
    before it begins. ``silent_station_ids`` had an EV of which nothing was measured for a while.
    """

    start: datetime
    until: datetime
    step_seconds: float
    measured_kw: tuple[float, ...]
    ordered: tuple[OrderedLimit, ...]
    highest_kw: float | None
    kept_share: float | None
    excess_kwh: float
    silent_station_ids: tuple[str, ...]


def measure_restriction(restriction_id: str, *, now: datetime, work: UnitOfWork) -> MeasuredRestriction:
    """Read what was measured of a restriction until now.

    Raises
    ------
    NotFound
        No restriction has that id.
    """
    restriction = work.restrictions.get(restriction_id)
    until = max(restriction.start, min(restriction.end, restriction.revoked_at or restriction.end, now))
    start = max(restriction.start, until - LONGEST)
    ordered = ordered_limits(restriction, work.restrictions.history(restriction_id), start=start, until=until)
    steps: list[PowerStep] = []
    silent: list[str] = []
    for station_id in restriction.station_ids:
        found, was_silent = _station(station_id, start=start, until=until, work=work)
        steps += found
        silent += [station_id] * was_silent
    return judge_measured(ordered, steps, start=start, until=until, silent_station_ids=tuple(silent))


def judge_measured(
    ordered: Sequence[OrderedLimit],
    steps: Iterable[PowerStep],
    *,
    start: datetime,
    until: datetime,
    silent_station_ids: tuple[str, ...] = (),
) -> MeasuredRestriction:
    """Compare the sum of ``steps`` with the limits that held. Pure."""
    total = summed(steps, start=start, until=until) if start < until else ()
    compared = [
        (part, limit.limit_kw)
        for limit in ordered
        for step in total
        if (part := step.within(limit.start, limit.end)) is not None
    ]
    hours = sum(part.hours for part, _ in compared)
    kept_hours = sum(part.hours for part, limit_kw in compared if not exceeds(part.power_kw, limit_kw))
    step_seconds = _step_seconds(until - start)
    return MeasuredRestriction(
        start=start,
        until=until,
        step_seconds=step_seconds,
        measured_kw=means_kw(total, start=start, until=until, step_seconds=step_seconds),
        ordered=tuple(ordered),
        highest_kw=max((part.power_kw for part, _ in compared), default=None),
        kept_share=kept_hours / hours if hours > 0 else None,
        excess_kwh=sum(max(0.0, part.power_kw - limit_kw) * part.hours for part, limit_kw in compared),
        silent_station_ids=silent_station_ids,
    )


def ordered_limits(
    restriction: Restriction, history: Sequence[RestrictionChange], *, start: datetime, until: datetime
) -> tuple[OrderedLimit, ...]:
    """Return the limits that held within [start, until), as they were changed."""
    changes = [(change.at, change.limit_kw) for change in history] or [(start, restriction.limit_kw)]
    edges = [start, *(at for at, _ in changes[1:]), until]
    limits = []
    for (_, limit_kw), begun, ended in zip(changes, edges, edges[1:], strict=False):
        first, last = max(begun, start), min(ended, until)
        if first < last:
            limits.append(OrderedLimit(start=first, end=last, limit_kw=limit_kw))
    return tuple(limits)


def _station(station_id: str, *, start: datetime, until: datetime, work: UnitOfWork) -> tuple[list[PowerStep], bool]:
    """A station's steps, and whether it was silent while an EV was there."""
    sessions = work.sessions.during(station_id, start=start, end=until)
    if not sessions:
        return [], False
    samples: dict[int, list[Sample]] = {}
    for measurand in MEASURANDS:
        found = work.meter_values.of_station(station_id, start=start - HOLD, end=until + HOLD, measurand=measurand)
        for evse_id, sample in found:
            samples.setdefault(evse_id, []).append(sample)
    powers = [
        metered_power(session, samples.get(session.evse_id, ()), start=start, until=until) for session in sessions
    ]
    return [step for power in powers for step in power.steps], any(power.silent for power in powers)


def _step_seconds(span: timedelta) -> float:
    seconds = span.total_seconds()
    return float(next((step for step in STEP_SECONDS if seconds / step <= MOST_STEPS), STEP_SECONDS[-1]))
