"""Charging sessions and what was measured in them."""

from __future__ import annotations

from datetime import datetime

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sessions import MeterValueOut, SessionCourseOut, SessionNeedsIn, SessionOut, SessionStartIn


class ChargingCalls(Calls):
    """Charging sessions and what was measured in them."""

    def sessions(
        self, *, site_id: str | None = None, station_id: str | None = None, active: bool | None = None,
        at_most: int | None = None,
    ) -> list[SessionOut]:  # fmt: skip
        """Charging sessions, the newest first."""
        wanted = {"site_id": site_id, "station_id": station_id, "active": active}
        return list(self._connection.items("/sessions", SessionOut, at_most=at_most, **wanted))

    def sessions_page(
        self, *, cursor: str | None = None, limit: int = 25, site_id: str | None = None,
        station_id: str | None = None, active: bool | None = None, find: str = "", since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[SessionOut]:  # fmt: skip
        """Return one page of charging sessions, the newest first; ``cursor`` is the ``next_cursor`` before."""
        wanted = {"site_id": site_id, "station_id": station_id, "active": active, "find": find or None}
        return self._connection.get(
            "/sessions", Page[SessionOut], **wanted, since=since, until=until, cursor=cursor, limit=limit
        )

    def session_course(self, session_id: str) -> SessionCourseOut:
        """Return how a session went, slot by slot: energy, power, plan and cost."""
        return self._connection.get(path_to("sessions", session_id, "course"), SessionCourseOut)

    def session(self, session_id: str) -> SessionOut:
        return self._connection.get(path_to("sessions", session_id), SessionOut)

    def start_session(self, station_id: str, *, id_token: str, evse_id: int = 1) -> CommandOut:
        """Ask a station to start charging."""
        body = SessionStartIn(station_id=station_id, evse_id=evse_id, id_token=id_token)
        return self._connection.post("/sessions", body, CommandOut)

    def stop_session(self, session_id: str) -> CommandOut:
        """Ask the station to stop charging."""
        return self._connection.post(path_to("sessions", session_id, "stop"), None, CommandOut)

    def set_needs(
        self, session_id: str, *, energy_kwh: float | None = None, departure_at: datetime | None = None,
        profile: str | None = None,
    ) -> SessionOut:  # fmt: skip
        """Say what the driver asks for; what is left out stays."""
        body = body_of(SessionNeedsIn, energy_kwh=energy_kwh, departure_at=departure_at, profile=profile)
        return self._connection.read(
            self._connection.send("PATCH", path_to("sessions", session_id), body=body), SessionOut
        )

    def meter_values(
        self, session_id: str, *, since: datetime | None = None, measurand: str | None = None,
        at_most: int | None = None,
    ) -> list[MeterValueOut]:  # fmt: skip
        path = path_to("sessions", session_id, "meter-values")
        return list(self._connection.items(path, MeterValueOut, at_most=at_most, since=since, measurand=measurand))
