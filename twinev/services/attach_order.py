"""A transaction begins: whose it is, the order that it carries out, the reservation that it uses; and its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.reservation import Reservation, ReservationRules, ReservationStatus
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.reservation_events import reservation_data

#: How long an order waits for its transaction: the driver walks to the plug, a 1.6 station comes back online.
ORDER_KEPT = timedelta(minutes=30)
_RULES = ReservationRules()
# What a reservation may be and still turn out to have been used: a station's word may come late.
_MAY_BE_USED = frozenset({ReservationStatus.ACTIVE, ReservationStatus.NO_SHOW, ReservationStatus.EXPIRED})


def with_owner(
    session: ChargingSession,
    *,
    at: datetime,
    work: UnitOfWork,
    authorised: bool = True,
    reservation_number: int | None = None,
) -> ChargingSession:
    """Return the session with the driver whose token it is, and what he ordered; note the reservation that it uses.

    Parameters
    ----------
    at : datetime
        When the token was shown.
    authorised : bool
        Whether it may charge there: if not, nothing is used up.
    reservation_number : int, optional
        The reservation that the station says it uses.
    """
    if session.id_token is None or session.user_id is not None:
        return session
    session = replace(session, user_id=work.tokens.user_of(session.id_token))
    if session.user_id is None or not authorised:
        return session
    _use_reservation(session, reservation_number, work=work)
    return _with_order(session, at, work=work)


def end_of_session(session: ChargingSession, *, work: UnitOfWork) -> None:
    """Let others have the EVSE for what is left of the reservation that the session came from."""
    used = work.reservations.of_session(session.id)
    if used is not None:
        work.reservations.save(replace(used, ended_at=session.ended_at))
        work.reservations.release(used.id)


def _with_order(session: ChargingSession, at: datetime, *, work: UnitOfWork) -> ChargingSession:
    evse = (session.station_id, session.evse_id)
    order = work.charge_orders.waiting(*evse, session.id_token.lower(), since=at - ORDER_KEPT)
    if order is None:
        return session
    order = replace(order, session_id=session.id)
    work.charge_orders.save(order)
    return replace(session, needs=needs_with_order(session.needs, order))


def needs_with_order(told: ChargingNeeds, order: ChargeOrder | None) -> ChargingNeeds:
    """What the driver ordered goes before what the EV or its station tells; what the EV can take only it knows."""
    if order is None:
        return told
    ordered = order.needs
    return ChargingNeeds(
        energy_kwh=told.energy_kwh if ordered.energy_kwh is None else ordered.energy_kwh,
        departure_at=ordered.departure_at or told.departure_at,
        max_kw=ordered.max_kw if told.max_kw is None else told.max_kw,
        max_discharge_kw=told.max_discharge_kw,
        profile=ordered.profile,
    )


def _use_reservation(session: ChargingSession, number: int | None, *, work: UnitOfWork) -> None:
    reservation = _reservation_for(session, number, work=work)
    if reservation is None:
        return
    used = replace(reservation, status=ReservationStatus.USED, ended_at=None, session_id=session.id)
    work.reservations.save(used)
    work.events.add("reservation.used", reservation_data(used))


def _reservation_for(session: ChargingSession, number: int | None, *, work: UnitOfWork) -> Reservation | None:
    """The driver's reservation of this EVSE at that time, by its number where the station tells it."""
    if number is not None:
        told = work.reservations.of_number(session.station_id, number)
        if told is not None and told.user_id == session.user_id and told.status in _MAY_BE_USED:
            return told
    mine = work.reservations.list(limit=20, user_id=session.user_id, station_id=session.station_id)
    return next((one for one in mine if one.evse_id == session.evse_id and _fits(one, session.started_at)), None)


def _fits(reservation: Reservation, at: datetime) -> bool:
    early = reservation.window.start - _RULES.hold_before
    return reservation.status in _MAY_BE_USED and early <= at < reservation.expires_at
