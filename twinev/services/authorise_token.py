"""Whether a card may charge at a station: what is known of it, whose the station is, and for whom it is reserved."""

from __future__ import annotations

from datetime import datetime

from twinev.domain.charge_points import ChargingStation
from twinev.domain.reservation import Reservation, ReservationRules
from twinev.domain.users import AuthorizationStatus
from twinev.services.ports.unit_of_work import UnitOfWork

_HOLD_BEFORE = ReservationRules().hold_before


def token_status(
    id_token: str, *, station: ChargingStation, work: UnitOfWork, at: datetime | None = None, evse_id: int | None = None
) -> str:
    """Return an AuthorizationStatus.

    Parameters
    ----------
    at : datetime, optional
        When the card is shown to start; None within a session, which no reservation of somebody else's ends.
    evse_id : int, optional
        Where; OCPP's Authorize does not tell: then the card is good where any EVSE of the station is free for it, or
        where it charges already.
    """
    known = work.tokens.status(id_token)
    if known is None:
        accepts = work.sites.get(station.site_id).accepts_unknown_tokens
        known = AuthorizationStatus.ACCEPTED if accepts else AuthorizationStatus.INVALID
    if known != AuthorizationStatus.ACCEPTED:
        return known
    user_id = work.tokens.user_of(id_token)
    allowed = work.station_access.users(station.id)
    if allowed and user_id not in allowed:
        return AuthorizationStatus.NOT_AT_THIS_LOCATION
    if at is not None and _held_for_others(station, user_id, at, evse_id=evse_id, work=work):
        charging = evse_id is None and _charges(id_token, station, work)
        return known if charging else AuthorizationStatus.NOT_AT_THIS_TIME
    return known


def _held_for_others(
    station: ChargingStation, user_id: str | None, at: datetime, *, evse_id: int | None, work: UnitOfWork
) -> bool:
    asked = [evse.id for evse in station.evses] if evse_id is None else [evse_id]
    held = {reservation.evse_id for reservation in holding(station.id, at, work=work) if reservation.user_id != user_id}
    return bool(asked) and held.issuperset(asked)


def _charges(id_token: str, station: ChargingStation, work: UnitOfWork) -> bool:
    """Whether a session of this card runs at the station: then it is shown to end it."""
    sessions = (work.sessions.active_at(station.id, evse.id) for evse in station.evses)
    return any(one is not None and (one.id_token or "").lower() == id_token.lower() for one in sessions)


def holding(station_id: str, at: datetime, *, work: UnitOfWork) -> list[Reservation]:
    """The reservations that keep an EVSE of the station from others at ``at``, from a little before their start."""
    return [
        reservation
        for reservation in work.reservations.active(station_id=station_id)
        if reservation.window.start - _HOLD_BEFORE <= at < reservation.expires_at
    ]
