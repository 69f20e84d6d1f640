"""What a driver looks for, and which EVSEs of a station are free for him and fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Location
from twinev.domain.checks import require_finite, require_utc
from twinev.domain.connectors import DIRECT_CURRENT
from twinev.domain.reservation import ReservationRules
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput
from twinev.services.find_evse import Obstacle, Wish, candidates
from twinev.services.ports.unit_of_work import UnitOfWork

LONGEST_WAY_KM = 500.0
HIGHEST_CONSUMPTION_KWH_PER_KM = 2.0
#: Road speed in a town, from which the hour of arrival is guessed. [km/h]
SPEED_KM_PER_H = 40.0

Place = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class DriverWish:
    """What a driver looks for.

    ``connector_type`` None takes any, ``ev_max_kw`` None whatever the EVSE gives, ``arrive_at`` None goes at once.
    ``connectors`` are those of the driver's vehicle, of which any will do; none: no matter which. ``ev_max_dc_kw`` is
    what the EV takes of direct current where that is another power. A price that nobody knows is not within
    ``max_price_eur_per_kwh``.
    """

    place: Location
    max_distance_km: float = 10.0
    energy_kwh: float = 20.0
    stay_minutes: float = 120.0
    connector_type: str | None = None
    connectors: tuple[str, ...] = ()
    ev_max_kw: float | None = None
    ev_max_dc_kw: float | None = None
    consumption_kwh_per_km: float = 0.18
    min_kw: float = 0.0
    max_price_eur_per_kwh: float | None = None
    arrive_at: datetime | None = None
    station_id: str | None = None

    def __post_init__(self) -> None:
        require_finite("max_distance_km", self.max_distance_km, at_least=0, at_most=LONGEST_WAY_KM)
        require_finite("energy_kwh", self.energy_kwh, at_least=0, at_most=1000)
        require_finite(
            "consumption_kwh_per_km", self.consumption_kwh_per_km, at_least=0, at_most=HIGHEST_CONSUMPTION_KWH_PER_KM
        )
        if not 1 <= self.stay_minutes <= 24 * 60:
            raise BadInput("stay_minutes", self.stay_minutes, "from 1 to 1440 minutes")
        for key in ("ev_max_kw", "ev_max_dc_kw"):
            if getattr(self, key) is not None:
                require_finite(key, getattr(self, key), at_least=0, at_most=5000)
        require_finite("min_kw", self.min_kw, at_least=0, at_most=5000)
        if self.max_price_eur_per_kwh is not None:
            require_finite("max_price_eur_per_kwh", self.max_price_eur_per_kwh)
        if self.arrive_at is not None:
            object.__setattr__(self, "arrive_at", require_utc("arrive_at", self.arrive_at))

    @property
    def stay(self) -> timedelta:
        return timedelta(minutes=self.stay_minutes)

    def most_kw(self, evse: Evse) -> float:
        """What the EV and the EVSE both can. [kW]"""
        direct = any(connector.type in DIRECT_CURRENT for connector in evse.connectors)
        ev_kw = self.ev_max_dc_kw if direct and self.ev_max_dc_kw is not None else self.ev_max_kw
        return evse.max_kw if ev_kw is None else min(evse.max_kw, ev_kw)

    def arrival(self, way_km: float, now: datetime) -> datetime:
        """When the driver is there: as soon as the way allows, and not before he wants to."""
        soonest = now + timedelta(hours=way_km / SPEED_KM_PER_H)
        return soonest if self.arrive_at is None else max(soonest, self.arrive_at)


class FreeEvses:
    """Tells which EVSEs are free when the driver arrives, reading what is reserved once for each window of time.

    Free is what is available now; for who says when he arrives, what can be reserved then.

    Parameters
    ----------
    user_id : str or None
        Who asks; what he has reserved himself is free for him, and at a station that says so.
    """

    def __init__(
        self,
        wish: DriverWish,
        *,
        work: UnitOfWork,
        user_id: str | None,
        station_ids: Collection[str],
        now: datetime,
        rules: ReservationRules,
    ) -> None:
        self._wish, self._work, self._user_id, self._station_ids = wish, work, user_id, station_ids
        self._charging = {(session.station_id, session.evse_id) for session in work.sessions.active()}
        self._own = work.reservations.active(user_id=user_id) if user_id is not None else ()
        self._later = None if wish.arrive_at is None else self._to_be_had(max(wish.arrive_at, now), now, rules)
        self._reserved: dict[range, set[Place]] = {}
        self._at: dict[datetime, tuple[set[Place], set[Place]]] = {}

    def of(self, station: ChargingStation, arrival: datetime) -> list[Evse]:
        """The EVSEs of a station that suit."""
        if arrival not in self._at:
            self._at[arrival] = self._places_at(arrival)
        reserved, own = self._at[arrival]
        places = ((evse, (station.id, evse.id)) for evse in station.evses)
        return [
            evse
            for evse, place in places
            if place not in reserved and self._suits(evse) and self._is_free(station, evse, own=place in own)
        ]

    def _places_at(self, arrival: datetime) -> tuple[set[Place], set[Place]]:
        """What is reserved for some of the stay from then on, and what the driver has reserved himself."""
        stay = TimeWindow.around(arrival, arrival + self._wish.stay)
        if stay.steps not in self._reserved:
            self._reserved[stay.steps] = self._work.reservations.taken(
                stay.steps, self._station_ids, but_for=self._user_id
            )
        own = {(r.station_id, r.evse_id) for r in self._own if r.window.overlaps(stay.start, stay.end)}
        return self._reserved[stay.steps], own

    def _to_be_had(self, start: datetime, now: datetime, rules: ReservationRules) -> set[Place]:
        """What works and is not occupied then; what is reserved is looked at for each arrival."""
        asked = Wish(window=TimeWindow.around(start, start + self._wish.stay))
        found = candidates(asked, user_id=self._user_id, work=self._work, now=now, rules=rules)
        return {(one.station.id, one.evse.id) for one in found if one.obstacle in (None, Obstacle.RESERVED)}

    def _is_free(self, station: ChargingStation, evse: Evse, *, own: bool) -> bool:
        """Whether nobody else has the EVSE; one that is kept for who asks is free."""
        place = (station.id, evse.id)
        if self._later is not None:
            return place in self._later
        free = {Availability.AVAILABLE, Availability.RESERVED} if own else {Availability.AVAILABLE}
        return place not in self._charging and availability_of(station, evse) in free

    def _suits(self, evse: Evse) -> bool:
        """Whether the EV can be plugged in, and gets as much power as its driver wants."""
        if evse.max_kw <= 0 or evse.max_kw < self._wish.min_kw:
            return False
        there = {connector.type for connector in evse.connectors}
        named = self._wish.connector_type is None or self._wish.connector_type in there
        return named and (not self._wish.connectors or not there.isdisjoint(self._wish.connectors))
