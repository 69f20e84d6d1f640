"""When the energy of a day's sessions flowed: their meters' readings, spread over quarters of an hour. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter

from twinev.domain.usage import QUARTER, Span, energy_by_quarter
from twinev.services.ports.analysis import CountedSession, QuarterReadings
from twinev.services.read_meters import EXPORT_REGISTER, REGISTER

Piece = tuple[datetime, datetime, float]


def energy_of_quarters(
    sessions: Sequence[CountedSession], readings: Iterable[QuarterReadings], span: Span
) -> tuple[float, ...]:
    """What all EVs took, less what they gave back, in each quarter of an hour of ``span``, in order. [kWh]

    As for a bill (`services.pricing.energy_curve`): from 0 kWh at a session's begin to its energy at its end, through
    the readings between, with straight lines; readings that go back, or above the end, are left out. A session without
    readings gives its energy evenly.
    """
    by_quarter = energy_by_quarter(_pieces_of(sessions, readings), span)
    count = -((span.start - span.end) // QUARTER)
    return tuple(by_quarter.get(span.start + QUARTER * place, 0.0) for place in range(count))


def _pieces_of(sessions: Sequence[CountedSession], readings: Iterable[QuarterReadings]) -> Iterator[Piece]:
    """Energy between two instants of one session, of all of them; what was given back is negative.

    The readings come session by session, and are forgotten so.
    """
    left = {session.id: session for session in sessions}
    for session_id, its_readings in groupby(readings, key=attrgetter("session_id")):
        # One that began since the sessions were read is counted the next time.
        if (session := left.pop(session_id, None)) is not None:
            yield from _pieces_of_session(session, list(its_readings))
    for session in left.values():
        yield from _pieces_of_session(session, [])


def _pieces_of_session(session: CountedSession, readings: Sequence[QuarterReadings]) -> Iterator[Piece]:
    taken = [reading for reading in readings if reading.measurand == REGISTER]
    given = [reading for reading in readings if reading.measurand == EXPORT_REGISTER]
    yield from _pieces(session, taken, session.energy_kwh + session.returned_kwh, session.meter_start_kwh)
    for start, end, kwh in _pieces(session, given, session.returned_kwh, session.export_start_kwh):
        yield start, end, -kwh


def _pieces(
    session: CountedSession, readings: Sequence[QuarterReadings], total_kwh: float, begin_kwh: float | None
) -> Iterator[Piece]:
    if total_kwh <= 0:
        return
    end = max(session.ended_at or session.measured_at or session.started_at, session.started_at)
    zero_kwh = begin_kwh if begin_kwh is not None else min((r.lowest_kwh for r in readings), default=0.0)
    points = [(session.started_at, 0.0)]
    for reading in readings:
        for at, kwh in ((reading.first_at, reading.lowest_kwh), (reading.last_at, reading.highest_kwh)):
            since_begin_kwh = kwh - zero_kwh
            if points[-1][0] < at < end and points[-1][1] <= since_begin_kwh <= total_kwh:
                points.append((at, since_begin_kwh))
    points.append((end, total_kwh))
    for (start, before_kwh), (until, after_kwh) in pairwise(points):
        yield start, until, after_kwh - before_kwh
