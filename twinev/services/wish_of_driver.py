"""Completes what somebody looks for with what he has chosen before: how far he goes, and the vehicle that he drives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinev.domain.users import User
from twinev.errors import NotFound
from twinev.services.driver_wish import HIGHEST_CONSUMPTION_KWH_PER_KM, LONGEST_WAY_KM, DriverWish
from twinev.services.keep_vehicles import seen_vehicle
from twinev.services.ports.unit_of_work import UnitOfWork


def wish_of_driver(said: Mapping[str, Any], *, user: User | None, work: UnitOfWork) -> DriverWish:
    """Return the wish: what is said counts, then the driver's preferences, then what suits most.

    Parameters
    ----------
    said : Mapping
        Fields of `DriverWish`, ``place`` among them; those that are left out may be completed.
    user : User, optional
        Who looks; None is a stranger, of whom nothing is known.

    Raises
    ------
    BadInput
        A value cannot be used.
    """
    known = {} if user is None else _known(user, work)
    if said.get("connector_type") is not None:
        known.pop("connectors", None)
    if said.get("ev_max_kw") is not None:
        known.pop("ev_max_dc_kw", None)
    return DriverWish(**{**known, **said})


def _known(user: User, work: UnitOfWork) -> dict[str, Any]:
    preferences = work.preferences.of(user.id)
    if preferences.version == 0:
        # Nobody has chosen anything: what a new account comes with is no wish.
        return {}
    known: dict[str, Any] = {"max_distance_km": min(preferences.max_distance_km, LONGEST_WAY_KM)}
    if preferences.default_vehicle_id is None:
        return known
    try:
        vehicle = seen_vehicle(preferences.default_vehicle_id, user=user, work=work)
    except NotFound:
        return known
    return known | {
        "connectors": vehicle.connectors,
        "ev_max_kw": vehicle.max_ac_kw,
        "ev_max_dc_kw": vehicle.max_dc_kw,
        "consumption_kwh_per_km": min(vehicle.consumption_kwh_per_km, HIGHEST_CONSUMPTION_KWH_PER_KM),
    }
