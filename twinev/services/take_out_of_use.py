"""An operator blocks a station, lets it in again, or removes it for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from twinev.domain.charge_points import ChargingStation
from twinev.domain.commands import CloseConnection
from twinev.errors import Conflict
from twinev.services.edit_station import get_station_to_edit
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import StationCommands
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.tell_availability import tell_availability

CLOSE_SECONDS = 5.0
#: The reason of a session whose station was removed; nobody will report its end.
REMOVED = "Other"


class TakeOutOfUse:
    """Blocks, lets in again and removes stations.

    First the decision is committed, from when on a gateway that asks is told no; then the open socket is closed. So
    a station that reconnects in between is refused.

    Parameters
    ----------
    commands : StationCommands
        The way to whichever gateway holds the station's socket.
    """

    def __init__(self, *, commands: StationCommands, unit_of_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._commands = commands
        self._unit_of_work = unit_of_work
        self._clock = clock

    async def block(self, station_id: str, *, reason: str) -> ChargingStation:
        """Refuse a station from now on, and close its socket; blocking it again only changes the reason.

        Raises
        ------
        NotFound
            No such station.
        """
        return await self._close(
            await asyncio.to_thread(
                self._change, station_id, lambda station, now, _work: _blocked(station, now, reason)
            ),
            reason,
        )

    async def unblock(self, station_id: str) -> ChargingStation:
        """Let a station in again; it comes by itself.

        Raises
        ------
        NotFound
            No such station.
        """
        return await asyncio.to_thread(
            self._change, station_id, lambda station, _now, _work: replace(station, blocked_at=None, block_reason=None)
        )

    async def remove(self, station_id: str, *, require_unchanged: Callable[[ChargingStation], None]) -> None:
        """Take a station out of every list; its sessions and meter values stay. It is unknown to gateways.

        Parameters
        ----------
        require_unchanged : Callable
            Raises when the station is not the one that was to be removed.

        Raises
        ------
        NotFound
            No such station.
        Conflict
            An EV is charging there now.
        """

        def removed(station: ChargingStation, now: datetime, work: UnitOfWork) -> ChargingStation:
            require_unchanged(station)
            return _removed(station, now, work)

        await self._close(await asyncio.to_thread(self._change, station_id, removed), "the station was removed")

    def _change(
        self, station_id: str, change: Callable[[ChargingStation, datetime, UnitOfWork], ChargingStation]
    ) -> ChargingStation:
        now = self._clock.now()
        with self._unit_of_work() as work:
            station = change(get_station_to_edit(station_id, work=work), now, work)
            work.stations.describe(station)
            tell_availability(station_id, work=work)
            kind = "station.removed" if station.removed_at else "station.changed"
            work.events.add(kind, {"site_id": station.site_id, "station_id": station_id})
            work.commit()
        return station

    async def _close(self, station: ChargingStation, reason: str) -> ChargingStation:
        await self._commands.send(station.id, CloseConnection(reason=reason), timeout_seconds=CLOSE_SECONDS)
        return station


def _blocked(station: ChargingStation, now: datetime, reason: str) -> ChargingStation:
    return replace(station, blocked_at=station.blocked_at or now, block_reason=reason)


def _removed(station: ChargingStation, now: datetime, work: UnitOfWork) -> ChargingStation:
    for evse in station.evses:
        session = work.sessions.active_at(station.id, evse.id)
        if session is None:
            continue
        if station.online:
            raise Conflict(
                f"an EV is charging at EVSE {evse.id} of station {station.id} (session {session.id}); stop the "
                "session first"
            )
        ended = replace(session, ended_at=max(now, session.started_at), stop_reason=REMOVED, power_kw=0.0)
        work.sessions.save(ended)
        work.events.add(
            "session.ended",
            {
                "site_id": session.site_id,
                "station_id": session.station_id,
                "evse_id": session.evse_id,
                "session_id": session.id,
                "reason": REMOVED,
                "energy_kwh": session.energy_kwh,
            },
        )
    return replace(station, removed_at=now)
