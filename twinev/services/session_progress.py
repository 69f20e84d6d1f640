"""How far a charging session has come: energy, cost, state of charge, the power planned for the time ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.domain.session_cost import SessionCost
from twinev.services.planned_power import PlannedPower
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import price_session
from twinev.services.pricing.energy_curve import EnergyCurve, Reading

SOC_MEASURAND = "SoC"
#: The energy that counts as the target reached. [kWh]
DONE_KWH = 0.01
#: What may be open at the end of a plan that delivers all. [kWh]
NEARLY_KWH = 0.1
#: An older reading says nothing of the power since.
LONGEST_UNREAD = timedelta(minutes=15)
#: As many as a screen can show.
MOST_MEASURED = 120


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A stretch of the plan at one mean power. [kW]"""

    start: datetime
    end: datetime
    power_kw: float


@dataclass(frozen=True, kw_only=True)
class MeasuredStep:
    """A stretch of what was measured, at its mean power. [kW]"""

    start: datetime
    end: datetime
    power_kw: float


@dataclass(frozen=True, kw_only=True)
class SessionProgress:
    """``soc`` is what the EV tells (``soc_told``), or follows from the driver's word and the energy; None: unknown.

    ``done_at`` is when, by the plan, the energy asked for will have flowed; None: not within the plan.
    ``measured`` is the power since the begin, at most `MOST_MEASURED` stretches; ``cost`` is what it has cost so far.
    """

    session: ChargingSession
    soc: float | None
    soc_told: bool
    target_soc: float | None
    measured: tuple[MeasuredStep, ...]
    plan: tuple[PlannedStep, ...]
    done_at: datetime | None
    reservation_id: str | None
    stop_at_target: bool
    stop_at: datetime | None
    cost: SessionCost


def session_progress(
    session: ChargingSession, *, plan: PlannedPower | None, work: UnitOfWork, now: datetime
) -> SessionProgress:
    """Read what is known of the session, at this instant."""
    order = work.charge_orders.of_session(session.id)
    told = _told_soc(session, work)
    ahead = steps_ahead(session, plan, now) if plan is not None and session.active else ()
    priced = price_session(session, work=work)
    return SessionProgress(
        session=session,
        soc=told if told is not None else _reckoned_soc(order, session),
        soc_told=told is not None,
        target_soc=order.battery.target_soc if order and order.battery else None,
        measured=measured_steps(priced.curve),
        plan=ahead,
        done_at=done_at(session, ahead, now),
        reservation_id=order.reservation_id if order else None,
        stop_at_target=bool(order and order.stop_at_target),
        stop_at=order.stop_at if order else None,
        cost=priced.cost,
    )


def measured_steps(curve: EnergyCurve) -> tuple[MeasuredStep, ...]:
    """The mean power between readings; of many readings only every second, third… one counts."""
    readings = curve.readings
    stride = -(-(len(readings) - 1) // MOST_MEASURED)
    kept = [*readings[: -1 : max(stride, 1)], readings[-1]]
    return tuple(
        MeasuredStep(start=before.at, end=after.at, power_kw=_mean_kw(before, after))
        for before, after in pairwise(kept)
        if after.at > before.at
    )


def _mean_kw(before: Reading, after: Reading) -> float:
    hours = (after.at - before.at) / timedelta(hours=1)
    return round(float(after.kwh - before.kwh) / hours, 3)


def _told_soc(session: ChargingSession, work: UnitOfWork) -> float | None:
    samples: list[Sample] = list(work.meter_values.of_session(session, measurand=SOC_MEASURAND))
    return samples[-1].value / 100 if samples else None


def _reckoned_soc(order: ChargeOrder | None, session: ChargingSession) -> float | None:
    return order.battery.soc_after(session.energy_kwh) if order and order.battery else None


def steps_ahead(session: ChargingSession, plan: PlannedPower, now: datetime) -> tuple[PlannedStep, ...]:
    """The plan from now on, neighbours of equal power joined."""
    steps: list[PlannedStep] = []
    horizon = plan.horizon
    for slot in range(horizon.slots):
        start, end = max(horizon.slot_start(slot), now), horizon.slot_end(slot)
        power_kw = plan.power_kw(session.id, horizon.slot_start(slot))
        if end <= now or power_kw is None:
            continue
        if steps and steps[-1].end == start and abs(steps[-1].power_kw - power_kw) < DONE_KWH:
            start = steps.pop().start
        steps.append(PlannedStep(start=start, end=end, power_kw=power_kw))
    while steps and steps[-1].power_kw == 0:
        steps.pop()
    return tuple(steps)


def done_at(session: ChargingSession, ahead: tuple[PlannedStep, ...], now: datetime) -> datetime | None:
    """When by the plan ahead the energy asked for will have flowed; None: not within it, or nothing was asked for.

    What has flowed since the meter was read last is reckoned from its power then: the plan ahead begins now.
    """
    if session.needs.energy_kwh is None:
        return None
    left_kwh = session.needs.energy_kwh - session.energy_kwh - _unread_kwh(session, now)
    for step in ahead:
        step_kwh = step.power_kw * (step.end - step.start).total_seconds() / 3600
        if step.power_kw > 0 and step_kwh >= left_kwh - DONE_KWH:
            return step.start + timedelta(hours=max(left_kwh, 0.0) / step.power_kw)
        left_kwh -= step_kwh
    # A plan counts from the reading before it; what came between is a little more than it leaves open.
    return ahead[-1].end if ahead and left_kwh <= NEARLY_KWH else None


def _unread_kwh(session: ChargingSession, now: datetime) -> float:
    if session.measured_at is None or not session.active:
        return 0.0
    age = min(max(now - session.measured_at, timedelta(0)), LONGEST_UNREAD)
    return max(session.power_kw, 0.0) * (age / timedelta(hours=1))
