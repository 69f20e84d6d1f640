"""What a driver looks for when he wants to charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.charge_points import Location
from twinev.domain.checks import require_finite, require_utc
from twinev.errors import BadInput

#: Road speed in a town, from which the hour of arrival is guessed. [km/h]
SPEED_KM_PER_H = 40.0


@dataclass(frozen=True, kw_only=True)
class DriverWish:
    """What a driver looks for.

    ``connector_type`` None takes any, ``ev_max_kw`` None whatever the EVSE gives, ``arrive_at`` None goes at once.
    A price that nobody knows is not within ``max_price_eur_per_kwh``.
    """

    place: Location
    max_distance_km: float = 10.0
    energy_kwh: float = 20.0
    stay_minutes: float = 120.0
    connector_type: str | None = None
    ev_max_kw: float | None = None
    consumption_kwh_per_km: float = 0.18
    min_kw: float = 0.0
    max_price_eur_per_kwh: float | None = None
    arrive_at: datetime | None = None
    station_id: str | None = None

    def __post_init__(self) -> None:
        require_finite("max_distance_km", self.max_distance_km, at_least=0, at_most=500)
        require_finite("energy_kwh", self.energy_kwh, at_least=0, at_most=1000)
        require_finite("consumption_kwh_per_km", self.consumption_kwh_per_km, at_least=0, at_most=2)
        if not 1 <= self.stay_minutes <= 24 * 60:
            raise BadInput("stay_minutes", self.stay_minutes, "from 1 to 1440 minutes")
        if self.ev_max_kw is not None:
            require_finite("ev_max_kw", self.ev_max_kw, at_least=0, at_most=5000)
        require_finite("min_kw", self.min_kw, at_least=0, at_most=5000)
        if self.max_price_eur_per_kwh is not None:
            require_finite("max_price_eur_per_kwh", self.max_price_eur_per_kwh)
        if self.arrive_at is not None:
            object.__setattr__(self, "arrive_at", require_utc("arrive_at", self.arrive_at))

    @property
    def stay(self) -> timedelta:
        return timedelta(minutes=self.stay_minutes)

    def arrival(self, way_km: float, now: datetime) -> datetime:
        """When the driver is there: as soon as the way allows, and not before he wants to."""
        soonest = now + timedelta(hours=way_km / SPEED_KM_PER_H)
        return soonest if self.arrive_at is None else max(soonest, self.arrive_at)
