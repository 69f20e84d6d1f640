"""Tells a driver why he cannot have a reservation, as facts that a screen can put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.reservation import Reservation, ReservationRules
from twinev.services.find_evse import Obstacle, Wish, candidates
from twinev.services.ports.unit_of_work import UnitOfWork


class Hindrance(StrEnum):
    """What is in the way."""

    TOO_MANY = "too_many"
    OWN_RESERVATION = "own_reservation"
    RESERVED = "reserved"
    BLOCKED = "blocked"
    OUT_OF_ORDER = "out_of_order"
    OCCUPIED = "occupied"
    TAKEN = "taken"


_OF_OBSTACLE = {
    Obstacle.RESERVED: Hindrance.RESERVED,
    Obstacle.BLOCKED: Hindrance.BLOCKED,
    Obstacle.OUT_OF_ORDER: Hindrance.OUT_OF_ORDER,
    Obstacle.OCCUPIED: Hindrance.OCCUPIED,
}


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """A hindrance; ``until`` is when an EV is expected to leave, ``own`` the driver's reservation at that time."""

    hindrance: Hindrance
    until: datetime | None = None
    own: Reservation | None = None


def why_not_reserved(wish: Wish, *, user_id: str, work: UnitOfWork, now: datetime, rules: ReservationRules) -> WhyNot:
    """Look up what is in the way of a wish that was refused; of several EVSEs the first one's."""
    active = work.reservations.active(user_id=user_id)
    own = next((one for one in active if one.window.overlaps(wish.window.start, wish.window.end)), None)
    if own is not None:
        return WhyNot(hindrance=Hindrance.OWN_RESERVATION, own=own)
    if len(active) >= rules.max_active:
        return WhyNot(hindrance=Hindrance.TOO_MANY)
    for candidate in candidates(wish, user_id=user_id, work=work, now=now, rules=rules):
        if candidate.obstacle is not None:
            return WhyNot(hindrance=_OF_OBSTACLE[candidate.obstacle], until=candidate.busy_until)
    # Free now: somebody was quicker and gave it back, or is about to.
    return WhyNot(hindrance=Hindrance.TAKEN)
