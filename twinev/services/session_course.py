"""Tells how a charging session went, slot by slot: energy, power, what was planned for it, and what that cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.domain.composite_schedule import Stretch
from twinev.domain.plan import SentCommand
from twinev.domain.session import ChargingSession
from twinev.domain.session_cost import ChargingPeriod, SessionCost
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import price_session
from twinev.services.pricing.energy_curve import EnergyCurve, Reading
from twinev.services.profile_records import profile_from_record

#: A screen shows no more; the slots of a session that is longer are joined.
MOST_SLOTS = 400
MOST_READINGS = 400
SHOWN_AHEAD = timedelta(hours=24)
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class CourseSlot:
    """One slot, cut to the session. ``planned_kw`` None: nothing was planned; ``cost_excl_vat`` without fees."""

    start: datetime
    end: datetime
    energy_kwh: float
    planned_kw: float | None
    cost_excl_vat: Decimal

    @property
    def power_kw(self) -> float:
        """The mean over the slot. [kW]"""
        return self.energy_kwh * _SECONDS_PER_HOUR / (self.end - self.start).total_seconds()


@dataclass(frozen=True, kw_only=True)
class SessionCourse:
    """The whole session as far as it was measured; ``planned`` goes on to the end of the plan while it runs.

    ``other_excl_vat`` is what the slots' costs lack to the total: fees, whole blocks, a least or most, and rounding.
    """

    slot_minutes: int
    slots: tuple[CourseSlot, ...]
    readings: tuple[Reading, ...]
    planned: tuple[Stretch, ...]
    cost: SessionCost
    other_excl_vat: Decimal


def session_course(session: ChargingSession, *, work: UnitOfWork, now: datetime) -> SessionCourse:
    """Read the course of a session out of its meter values, its tariff, and the profiles that its station accepted.

    Energy is what was drawn: what an EV gives back is not in it.
    """
    priced = price_session(session, work=work)
    curve = priced.curve
    until = session.ended_at or now + SHOWN_AHEAD
    sent = work.commands.accepted_profiles(session.station_id, since=session.started_at, until=session.ended_at or now)
    planned = tuple(planned_limits(session, sent, until=until))
    minutes = _slot_minutes(curve, work.sites.get(session.site_id).slot_minutes)
    slots = tuple(
        CourseSlot(
            start=start,
            end=end,
            energy_kwh=float(curve.kwh_at(end) - curve.kwh_at(start)),
            planned_kw=mean_kw(planned, start, end),
            cost_excl_vat=sum((_cost(period, start, end, curve) for period in priced.cost.periods), Decimal(0)),
        )
        for start, end in _slots(curve, minutes)
    )
    return SessionCourse(
        slot_minutes=minutes,
        slots=slots,
        readings=_thinned(curve.readings),
        planned=planned,
        cost=priced.cost,
        other_excl_vat=priced.cost.total.excl_vat - sum((slot.cost_excl_vat for slot in slots), Decimal(0)),
    )


def planned_limits(session: ChargingSession, sent: Sequence[SentCommand], *, until: datetime) -> Iterator[Stretch]:
    """The limits that the session had by its own profiles: each counts from its acceptance to the next one's."""
    accepted = [(command.answered_at or command.sent_at, profile) for command, profile in _own_profiles(session, sent)]
    last: float | None = None
    for place, (begin, profile) in enumerate(accepted):
        end = accepted[place + 1][0] if place + 1 < len(accepted) else until
        for instant in _changes(profile, begin, end):
            limit_kw = profile.schedule.limit_kw_at(instant)
            if limit_kw != last:
                yield Stretch(start=instant, limit_kw=limit_kw)
                last = limit_kw


def mean_kw(planned: Sequence[Stretch], start: datetime, end: datetime) -> float | None:
    """The mean of the limits over [start, end), of those parts that have one; None where none has. [kW]"""
    nexts = [*(stretch.start for stretch in planned[1:]), end]
    weighed = [
        ((min(until, end) - max(stretch.start, start)).total_seconds(), stretch.limit_kw)
        for stretch, until in zip(planned, nexts, strict=False)
        if stretch.limit_kw is not None and stretch.start < end and until > start
    ]
    seconds = sum(length for length, _ in weighed)
    return sum(length * limit_kw for length, limit_kw in weighed) / seconds if seconds > 0 else None


def _own_profiles(
    session: ChargingSession, sent: Iterable[SentCommand]
) -> Iterator[tuple[SentCommand, ChargingProfile]]:
    for command in sent:
        # As it was rounded for the station; older records have what it was rounded from.
        profile = profile_from_record(command.payload.get("sent") or command.payload["profile"])
        of_session = profile.ocpp_transaction_id == session.ocpp_transaction_id and profile.evse_id == session.evse_id
        if profile.purpose is ProfilePurpose.TX and of_session:
            yield command, profile


def _changes(profile: ChargingProfile, begin: datetime, end: datetime) -> list[datetime]:
    start = profile.schedule.start or begin
    edges = (start + timedelta(seconds=seconds) for seconds in profile.schedule.edges_seconds)
    return sorted({begin, *(edge for edge in edges if begin < edge < end)})


def _slot_minutes(curve: EnergyCurve, minutes: int) -> int:
    """The site's slot length, or the smallest multiple that keeps within `MOST_SLOTS`."""
    slots = (curve.end - curve.start) / timedelta(minutes=minutes)
    return minutes * (1 + int(slots // MOST_SLOTS))


def _slots(curve: EnergyCurve, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    length_seconds = minutes * 60
    into_slot = timedelta(seconds=curve.start.timestamp() % length_seconds)
    start, bound = curve.start, curve.start - into_slot + timedelta(seconds=length_seconds)
    while start < curve.end:
        yield start, min(bound, curve.end)
        start, bound = bound, bound + timedelta(seconds=length_seconds)


def _cost(period: ChargingPeriod, start: datetime, end: datetime, curve: EnergyCurve) -> Decimal:
    """What the part of a tariff's period within [start, end) costs by the kWh and by the hour."""
    begin, finish = max(period.start, start), min(period.end, end)
    if begin >= finish:
        return Decimal(0)
    per_hour = period.price_per_parking_hour if period.parking_seconds else period.price_per_charging_hour
    hours = Decimal((finish - begin) // timedelta(microseconds=1)) / (_SECONDS_PER_HOUR * 1_000_000)
    energy_kwh = curve.kwh_at(finish) - curve.kwh_at(begin)
    return energy_kwh * (period.price_per_kwh or 0) + hours * (per_hour or 0)


def _thinned(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    every = 1 + len(readings) // MOST_READINGS
    kept = list(readings[::every])
    return (*kept, readings[-1]) if kept[-1] is not readings[-1] else tuple(kept)
