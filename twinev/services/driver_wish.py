"""What a driver looks for, and which EVSEs of a station are free for him and fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Location
from twinev.domain.checks import require_finite
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput
from twinev.services.ports.unit_of_work import UnitOfWork

LONGEST_WAY_KM = 500.0
HIGHEST_CONSUMPTION_KWH_PER_KM = 2.0

Place = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class DriverWish:
    """What a driver looks for: ``connector_type`` None takes any, ``ev_max_kw`` None whatever the EVSE gives.

    ``connectors`` are those of the driver's vehicle, of which any will do; none: no matter which.
    """

    place: Location
    max_distance_km: float = 10.0
    energy_kwh: float = 20.0
    stay_minutes: float = 120.0
    connector_type: str | None = None
    connectors: tuple[str, ...] = ()
    ev_max_kw: float | None = None
    consumption_kwh_per_km: float = 0.18

    def __post_init__(self) -> None:
        require_finite("max_distance_km", self.max_distance_km, at_least=0, at_most=LONGEST_WAY_KM)
        require_finite("energy_kwh", self.energy_kwh, at_least=0, at_most=1000)
        require_finite(
            "consumption_kwh_per_km", self.consumption_kwh_per_km, at_least=0, at_most=HIGHEST_CONSUMPTION_KWH_PER_KM
        )
        if not 1 <= self.stay_minutes <= 24 * 60:
            raise BadInput("stay_minutes", self.stay_minutes, "from 1 to 1440 minutes")
        if self.ev_max_kw is not None:
            require_finite("ev_max_kw", self.ev_max_kw, at_least=0, at_most=5000)


class FreeEvses:
    """Tells which EVSEs are free when the driver arrives, reading what is reserved once for each window of time.

    Parameters
    ----------
    user_id : str or None
        Who asks; what he has reserved himself is free for him, and at a station that says so.
    """

    def __init__(
        self, wish: DriverWish, *, work: UnitOfWork, user_id: str | None, station_ids: Collection[str]
    ) -> None:
        self._wish, self._work, self._user_id, self._station_ids = wish, work, user_id, station_ids
        self._charging = {(session.station_id, session.evse_id) for session in work.sessions.active()}
        self._own = work.reservations.active(user_id=user_id) if user_id is not None else ()
        self._reserved: dict[range, set[Place]] = {}
        self._at: dict[datetime, tuple[set[Place], set[Place]]] = {}

    def of(self, station: ChargingStation, arrival: datetime) -> list[Evse]:
        """The EVSEs of a station that suit."""
        if arrival not in self._at:
            self._at[arrival] = self._places_at(arrival)
        taken, own = self._at[arrival]
        places = ((evse, (station.id, evse.id)) for evse in station.evses)
        return [evse for evse, place in places if place not in taken and self._suits(station, evse, own=place in own)]

    def _places_at(self, arrival: datetime) -> tuple[set[Place], set[Place]]:
        """What is taken for some of the stay from then on, and what the driver has reserved himself."""
        stay = TimeWindow.around(arrival, arrival + timedelta(minutes=self._wish.stay_minutes))
        if stay.steps not in self._reserved:
            self._reserved[stay.steps] = self._work.reservations.taken(
                stay.steps, self._station_ids, but_for=self._user_id
            )
        own = {(r.station_id, r.evse_id) for r in self._own if r.window.overlaps(stay.start, stay.end)}
        return self._charging | self._reserved[stay.steps], own

    def _suits(self, station: ChargingStation, evse: Evse, *, own: bool) -> bool:
        """Whether the EVSE is free, or kept for who asks, and the EV can be plugged in."""
        free = {Availability.AVAILABLE, Availability.RESERVED} if own else {Availability.AVAILABLE}
        if availability_of(station, evse) not in free or evse.max_kw <= 0:
            return False
        there = {connector.type for connector in evse.connectors}
        named = self._wish.connector_type is None or self._wish.connector_type in there
        return named and (not self._wish.connectors or not there.isdisjoint(self._wish.connectors))
