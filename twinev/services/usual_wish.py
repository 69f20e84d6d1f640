"""What a driver usually looks for, from his preferences and his vehicle: what a search begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twinev.domain.connectors import ConnectorType
from twinev.domain.users import User
from twinev.errors import NotFound
from twinev.services.driver_wish import DriverWish
from twinev.services.keep_vehicles import seen_vehicle
from twinev.services.ports.unit_of_work import UnitOfWork

#: What charges a battery directly, past the EV's own charger.
DIRECT_CURRENT = frozenset({ConnectorType.CCS1, ConnectorType.CCS2, ConnectorType.CHADEMO})


@dataclass(frozen=True, kw_only=True)
class UsualWish:
    """Where nobody said, what `DriverWish` takes.

    ``ev_max_kw`` has what the EV takes at each connector that it has; empty where no vehicle is known. [kW]
    """

    max_distance_km: float = DriverWish.max_distance_km
    energy_kwh: float = DriverWish.energy_kwh
    stay_minutes: float = DriverWish.stay_minutes
    consumption_kwh_per_km: float = DriverWish.consumption_kwh_per_km
    ev_max_kw: Mapping[str, float] = field(default_factory=dict)


def usual_wish(user: User | None, *, work: UnitOfWork) -> UsualWish:
    """Read it; a stranger's is what anybody's is."""
    if user is None:
        return UsualWish()
    preferences = work.preferences.of(user.id)
    distance_km = preferences.max_distance_km
    if preferences.default_vehicle_id is None:
        return UsualWish(max_distance_km=distance_km)
    try:
        vehicle = seen_vehicle(preferences.default_vehicle_id, user=user, work=work)
    except NotFound:
        # It was removed since.
        return UsualWish(max_distance_km=distance_km)
    return UsualWish(
        max_distance_km=distance_km,
        consumption_kwh_per_km=vehicle.consumption_kwh_per_km,
        ev_max_kw={
            connector: vehicle.max_dc_kw if connector in DIRECT_CURRENT else vehicle.max_ac_kw
            for connector in vehicle.connectors
        },
    )
