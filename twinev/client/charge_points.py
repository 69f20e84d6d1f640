"""Sites, stations, their keys, commands and reports, and the cards that may charge."""

from __future__ import annotations

from datetime import datetime

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.commands import CommandIn
from twinev.wire.rest.availability import EvseAvailabilityOut
from twinev.wire.rest.commands import CommandOut, CompositeScheduleIn, CompositeScheduleOut
from twinev.wire.rest.id_tokens import IdTokenIn, IdTokenOut
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sessions import MeterValueOut
from twinev.wire.rest.sites import SiteChangeIn, SiteIn, SiteOut
from twinev.wire.rest.station_limits import StationLimitsOut
from twinev.wire.rest.stations import (
    KeyRotated,
    StationBlockIn,
    StationChangeIn,
    StationCreated,
    StationIn,
    StationKey,
    StationOut,
    StationReportOut,
)

#: A station may take its time over a command, and the API waits for it. [s]
COMMAND_SECONDS = 30.0


class ChargePointCalls(Calls):
    """Sites, stations, their keys, commands and reports, and the cards that may charge."""

    def sites(self) -> list[SiteOut]:
        return list(self._connection.items("/sites", SiteOut))

    def site(self, site_id: str) -> SiteOut:
        return self._connection.get(path_to("sites", site_id), SiteOut)

    def stations(self, *, site_id: str | None = None) -> list[StationOut]:
        return list(self._connection.items("/stations", StationOut, site_id=site_id))

    def station_limits(self, station_id: str) -> StationLimitsOut:
        """Return what the station was told, what that comes to, what it reports and what others limit it to."""
        return self._connection.get(path_to("stations", station_id, "limits"), StationLimitsOut)

    def station(self, station_id: str) -> StationOut:
        return self._connection.get(path_to("stations", station_id), StationOut)

    def save_site(
        self, site_id: str, *, name: str, supply_max_kw: float, latitude_degrees: float, longitude_degrees: float,
        version: str | None = None, **others: object,
    ) -> SiteOut:  # fmt: skip
        """Make a site, or describe the one of that ``version`` anew; ``others`` as in `SiteIn`."""
        body = body_of(
            SiteIn,
            name=name,
            supply_max_kw=supply_max_kw,
            latitude_degrees=latitude_degrees,
            longitude_degrees=longitude_degrees,
            **others,
        )
        response = self._connection.send("PUT", path_to("sites", site_id), body=body, version=version)
        return self._connection.read(response, SiteOut)

    def change_site(self, site_id: str, *, version: str, **changes: object) -> SiteOut:
        """Change what is given of the site of that ``version`` (`SiteChangeIn`).

        Raises
        ------
        ChangedMeanwhile
            Somebody else has changed it since; read it again.
        """
        content = body_of(SiteChangeIn, **changes).model_dump(mode="json", exclude_unset=True)
        response = self._connection.send("PATCH", path_to("sites", site_id), json=content, version=version)
        return self._connection.read(response, SiteOut)

    def add_station(self, station_id: str, *, site_id: str, **others: object) -> StationCreated:
        """Register a station; its key is in the answer and nowhere else. ``others`` as in `StationIn`."""
        body = body_of(StationIn, id=station_id, site_id=site_id, **others)
        return self._connection.post("/stations", body, StationCreated)

    def change_station(self, station_id: str, *, version: str, **changes: object) -> StationOut:
        """Change what is given of the station of that ``version`` (`StationChangeIn`).

        Raises
        ------
        ChangedMeanwhile
            Somebody else has changed it since; read it again.
        """
        content = body_of(StationChangeIn, **changes).model_dump(mode="json", exclude_unset=True)
        response = self._connection.send("PATCH", path_to("stations", station_id), json=content, version=version)
        return self._connection.read(response, StationOut)

    def block_station(self, station_id: str, *, reason: str) -> StationOut:
        """Refuse a station from now on, and close its socket."""
        return self._connection.post(
            path_to("stations", station_id, "block"), body_of(StationBlockIn, reason=reason), StationOut
        )

    def unblock_station(self, station_id: str) -> StationOut:
        """Let a station in again."""
        return self._connection.post(path_to("stations", station_id, "unblock"), None, StationOut)

    def remove_station(self, station_id: str) -> None:
        """Remove a station for good; its history stays."""
        self._connection.send("DELETE", path_to("stations", station_id))

    def issue_key(self, station_id: str) -> StationKey:
        """Return a new key to set in the station by hand; all older ones are refused from now on."""
        return self._connection.post(path_to("stations", station_id, "keys"), None, StationKey)

    def availability(
        self, *, site_id: str | None = None, connector_type: str | None = None, available: bool | None = None
    ) -> list[EvseAvailabilityOut]:
        """Return the public EVSEs as anybody sees them."""
        wanted = {"site_id": site_id, "connector_type": connector_type, "available": available}
        return list(self._connection.items("/availability", EvseAvailabilityOut, **wanted))

    def rotate_key(self, station_id: str) -> KeyRotated:
        """Have a station told a new key, which nobody else learns."""
        path = path_to("stations", station_id, "key-rotations")
        # The server waits for the station.
        return self._connection.read(self._connection.send("POST", path, timeout_seconds=30.0), KeyRotated)

    def check_station(self, station_id: str, *, site_id: str, **others: object) -> None:
        """Raise `BadInput` for a description that `add_station` cannot take."""
        body_of(StationIn, id=station_id, site_id=site_id, **others)

    def let_charge(self, id_token: str, *, status: str = "Accepted") -> IdTokenOut:
        """Say whether a card may charge (an OCPP AuthorizationStatus)."""
        body = IdTokenIn(status=status)
        return self._connection.read(
            self._connection.send("PUT", path_to("id-tokens", id_token), body=body), IdTokenOut
        )

    def commands(self, *, station_id: str | None = None, at_most: int | None = 200) -> list[CommandOut]:
        """What stations were told, the newest first."""
        return list(self._connection.items("/commands", CommandOut, at_most=at_most, station_id=station_id))

    def commands_page(
        self, *, cursor: str | None = None, limit: int = 25, station_id: str | None = None, find: str = "",
        state: str | None = None, from_people: bool | None = None, since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[CommandOut]:  # fmt: skip
        """Return one page of what stations were told, the newest first; ``cursor`` is the ``next_cursor`` before."""
        wanted = {"station_id": station_id, "find": find or None, "state": state, "from_people": from_people}
        return self._connection.get(
            "/commands", Page[CommandOut], **wanted, since=since, until=until, cursor=cursor, limit=limit
        )

    def retry_command(self, command_id: str) -> CommandOut:
        """Have a command sent once more; the answer is the new command's."""
        path = path_to("commands", command_id, "retries")
        response = self._connection.send("POST", path, timeout_seconds=COMMAND_SECONDS)
        return self._connection.read(response, CommandOut)

    def ask_composite_schedule(
        self, station_id: str, *, evse_id: int = 1, duration_seconds: int = 86_400
    ) -> CompositeScheduleOut:
        """Ask a station what it will really apply at an EVSE from now on."""
        path = path_to("stations", station_id, "composite-schedules")
        body = body_of(CompositeScheduleIn, evse_id=evse_id, duration_seconds=duration_seconds)
        response = self._connection.send("POST", path, body=body, timeout_seconds=COMMAND_SECONDS)
        return self._connection.read(response, CompositeScheduleOut)

    def command(self, station_id: str, body: CommandIn) -> CommandOut:
        """Tell a station something, such as ``ResetIn(kind="OnIdle")`` of `twinev.wire.commands`."""
        path = path_to("stations", station_id, "commands")
        response = self._connection.send("POST", path, body=body, timeout_seconds=COMMAND_SECONDS)
        return self._connection.read(response, CommandOut)

    def station_meter_values(
        self, station_id: str, *, start: datetime, end: datetime, measurand: str | None = None
    ) -> list[MeterValueOut]:
        """Return what was measured at a station within [start, end), by time; a month at most."""
        path = path_to("stations", station_id, "meter-values")
        wanted = {"start": start, "end": end, "measurand": measurand}
        return list(self._connection.items(path, MeterValueOut, **wanted))

    def station_reports(
        self, station_id: str, *, report: str | None = None, request_id: int | None = None,
        at_most: int | None = 200,
    ) -> list[StationReportOut]:  # fmt: skip
        """What a station told of itself, the last to come first."""
        path = path_to("stations", station_id, "reports")
        wanted = {"report": report, "request_id": request_id}
        return list(self._connection.items(path, StationReportOut, at_most=at_most, **wanted))
