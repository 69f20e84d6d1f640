"""Drivers keep their own vehicles here, operators the shared ones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twinev.domain.users import OPERATORS, User
from twinev.domain.vehicle_booking import Vehicle
from twinev.errors import Conflict, Forbidden, NotFound
from twinev.services.book_vehicle import require_shared_site
from twinev.services.ports.unit_of_work import UnitOfWork

MOST_OWN = 20


def add_vehicle(described: Mapping[str, Any], *, shared: bool, user: User, work: UnitOfWork) -> Vehicle:
    """Keep a new vehicle, the user's own or a shared one; the caller commits.

    Raises
    ------
    Forbidden, BadInput, NotFound, Conflict
        Only operators share vehicles; a value cannot be used; no such site; the user has too many.
    """
    owner = {"owner_id": user.id, "site_id": None}
    if shared:
        _require_operator(user)
        owner = {"owner_id": None, "site_id": require_shared_site(described.get("site_id"), work=work)}
    elif sum(vehicle.owner_id == user.id for vehicle in work.vehicles.list(owner_id=user.id)) >= MOST_OWN:
        raise Conflict(f"{user.username} has {MOST_OWN} vehicles, the most that one may have; remove one first")
    vehicle = Vehicle(id=uuid.uuid4().hex, **{**described, **owner})
    work.vehicles.save(vehicle)
    return vehicle


def change_vehicle(vehicle_id: str, changes: Mapping[str, Any], *, user: User, work: UnitOfWork) -> Vehicle:
    """Change what is given; the caller commits. Raises as `add_vehicle` does."""
    vehicle = own_vehicle(vehicle_id, user=user, work=work)
    changed = replace(vehicle, **changes)
    if changed.site_id is not None:
        require_shared_site(changed.site_id, work=work)
    work.vehicles.save(changed)
    return changed


def remove_vehicle(vehicle_id: str, *, user: User, work: UnitOfWork) -> None:
    """Forget a vehicle that nobody has booked; the caller commits. Raises as `add_vehicle` does."""
    vehicle = own_vehicle(vehicle_id, user=user, work=work)
    if work.vehicle_bookings.open(vehicle_id=vehicle.id):
        raise Conflict(f"vehicle {vehicle_id} is booked; make it unavailable, and remove it when the bookings are over")
    work.vehicles.remove(vehicle.id)


def seen_vehicle(vehicle_id: str, *, user: User, work: UnitOfWork) -> Vehicle:
    """Return a shared vehicle or one of the user's own; another's is as good as none."""
    vehicle = work.vehicles.get(vehicle_id)
    if not vehicle.shared and vehicle.owner_id != user.id:
        raise NotFound("vehicle", vehicle_id)
    return vehicle


def own_vehicle(vehicle_id: str, *, user: User, work: UnitOfWork) -> Vehicle:
    """Return a vehicle that the user may change."""
    vehicle = seen_vehicle(vehicle_id, user=user, work=work)
    if vehicle.shared:
        _require_operator(user)
    return vehicle


def _require_operator(user: User) -> None:
    if user.roles.isdisjoint(OPERATORS):
        raise Forbidden(f"{user.username} may not change a shared vehicle; a charge point operator may")
