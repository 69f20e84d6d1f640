"""Which EVSEs somebody may have for a window of time: the right plug, in order, not occupied, not taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.domain.station_access import may_use
from twinev.domain.time_window import TimeWindow
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork

OUT_OF_ORDER = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})
#: An EV that stays past its departure is taken to stay so much longer.
OVERSTAY = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody looks for; None where it does not matter."""

    window: TimeWindow
    connector_type: str | None = None
    site_id: str | None = None
    station_id: str | None = None
    evse_id: int | None = None


class Obstacle(StrEnum):
    """Why an EVSE cannot be had, in a few words."""

    RESERVED = "is reserved for part of it"
    BLOCKED = "is taken out of use"
    OUT_OF_ORDER = "is out of order"
    OCCUPIED = "is occupied"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An EVSE that answers the wish; ``obstacle`` is why it cannot be had all the same.

    ``busy_until`` is when the EV that is there now is expected to leave, None where there is none.
    """

    station: ChargingStation
    evse: Evse
    obstacle: Obstacle | None = None
    busy_until: datetime | None = None

    @property
    def why_not(self) -> str:
        """The obstacle as the end of a sentence; what was free when it was looked at is taken meanwhile."""
        if self.obstacle is Obstacle.OCCUPIED and self.busy_until is not None:
            return f"{self.obstacle} until about {self.busy_until.isoformat(timespec='minutes')}"
        return str(self.obstacle or "was taken just now")


def candidates(
    wish: Wish, *, user_id: str | None, work: UnitOfWork, now: datetime, rules: ReservationRules
) -> Iterator[Candidate]:
    """The EVSEs that answer the wish and that the user may use, by station and number.

    Raises
    ------
    NotFound
        The station asked for does not exist, or is private and not for this user.
    """
    if wish.station_id is not None:
        named = work.stations.get(wish.station_id)
        if named.removed_at is not None:
            raise NotFound("charging station", wish.station_id)
        stations = [named]
    else:
        stations = work.stations.list(site_id=wish.site_id)
    named = work.station_access.stations()
    stations = [station for station in stations if may_use(station, named.get(station.id, ()), user_id)]
    taken = work.reservations.taken(wish.window.steps, [station.id for station in stations])
    sessions = {(session.station_id, session.evse_id): session for session in work.sessions.active()}
    stay = {site.id: timedelta(minutes=site.default_stay_minutes) for site in work.sites.list()}
    for station in sorted(stations, key=lambda station: station.id):
        for evse in station.evses:
            if wish.evse_id not in (None, evse.id) or wish.connector_type not in (None, evse.connector_type):
                continue
            key = (station.id, evse.id)
            busy_until = _busy_until(sessions.get(key), stay[station.site_id], now)
            obstacle = Obstacle.RESERVED if key in taken else None
            if station.blocked_at is not None:
                obstacle = Obstacle.BLOCKED
            elif wish.window.start < now + rules.soon and _out_of_order(station, evse):
                obstacle = Obstacle.OUT_OF_ORDER
            elif busy_until is not None and wish.window.start < busy_until:
                obstacle = Obstacle.OCCUPIED
            yield Candidate(station=station, evse=evse, obstacle=obstacle, busy_until=busy_until)


def _out_of_order(station: ChargingStation, evse: Evse) -> bool:
    return not station.online or evse.status in OUT_OF_ORDER


def _busy_until(session: ChargingSession | None, stay: timedelta, now: datetime) -> datetime | None:
    """When the EV that charges there is expected to leave; None where none does."""
    if session is None:
        return None
    departure = session.needs.departure_at or session.started_at + stay
    return max(departure, now + OVERSTAY)
