"""The client itself: methods named after the resources of ``/api/v1``, with the models of `twinev.wire.rest`.

Lists follow the cursor to the end, and problem details become the exceptions of `twinev.errors`. Every POST carries an
Idempotency-Key, so that a request whose answer was lost is sent again safely. A `Client` may be used from several
threads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from twinev.client.bearer import BearerLogin
from twinev.client.connection import Connection
from twinev.errors import BadInput, TwinEVError, Unavailable
from twinev.wire.base import WireModel
from twinev.wire.commands import CommandIn
from twinev.wire.rest import (
    CommandOut,
    EventOut,
    HealthOut,
    IdTokenIn,
    IdTokenOut,
    KeyRotated,
    MeterValueOut,
    PlanCreated,
    PlanOut,
    RestrictionCreated,
    RestrictionIn,
    RestrictionOut,
    RestrictionPreview,
    SeriesIn,
    SeriesOut,
    SessionNeedsIn,
    SessionOut,
    SessionStartIn,
    SiteIn,
    SiteOut,
    StationCreated,
    StationIn,
    StationLimitsOut,
    StationOut,
    StationReportOut,
    UserOut,
)

Body = TypeVar("Body", bound=WireModel)

DEFAULT_URL = "http://127.0.0.1:8080"
EVENTS_RETRY_SECONDS = 1.0
#: A station may take its time over a command, and the API waits for it. [s]
COMMAND_SECONDS = 30.0


class Client:
    """The platform over ``/api/v1``.

    Parameters
    ----------
    url : str, optional
        The API's address; else the environment's TWINEV_API_URL, else ``http://127.0.0.1:8080``.
    username, password : str, optional
        Log in at the first request, and again when the session has ended.
    token : str, optional
        An access token that somebody else got; renewed while it lasts.
    ticket : str, optional
        A dashboard's single-use ticket, exchanged for a token at the first request.
    app : str
        Names the program in the records of what it did: a product as in User-Agent, such as ``night-shift/2``.
    timeout_seconds : float
        How long to wait for an answer. Planning (`preview_restriction`, `plan`) waits at least 90 s. [s]
    transport : httpx.BaseTransport, optional
        What carries the requests, where it is not the network: tests pass their own.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        ticket: str | None = None,
        app: str = "script",
        timeout_seconds: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = (url or os.environ.get("TWINEV_API_URL") or DEFAULT_URL).rstrip("/")
        self._login = BearerLogin(
            base_url=f"{self.url}/api/v1", username=username, password=password, token=token, ticket=ticket
        )
        self._connection = Connection(
            url=self.url, login=self._login, app=app, timeout_seconds=timeout_seconds, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._connection.close()

    # ── Who am I ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def me(self) -> UserOut:
        """The user that this client acts for."""
        return self._connection.get("/auth/me", UserOut)

    def access_token(self) -> str:
        """A token that is good now, for what does not go through this client."""
        self.me()
        return self._login.token or ""

    def log_out(self) -> None:
        """End the session at the server; the client is of no use afterwards."""
        with suppress(TwinEVError):
            self._connection.send("POST", "/auth/logout")
        self._login.forget()

    # ── Sites, stations, sessions ────────────────────────────────────────────────────────────────────────────────────

    def sites(self) -> list[SiteOut]:
        return list(self._connection.items("/sites", SiteOut))

    def site(self, site_id: str) -> SiteOut:
        return self._connection.get(_path("sites", site_id), SiteOut)

    def stations(self, *, site_id: str | None = None) -> list[StationOut]:
        return list(self._connection.items("/stations", StationOut, site_id=site_id))

    def station_limits(self, station_id: str) -> StationLimitsOut:
        """Return what the station was told, what that comes to, what it reports and what others limit it to."""
        return self._connection.get(_path("stations", station_id, "limits"), StationLimitsOut)

    def station(self, station_id: str) -> StationOut:
        return self._connection.get(_path("stations", station_id), StationOut)

    def save_site(
        self, site_id: str, *, name: str, supply_max_kw: float, latitude_degrees: float, longitude_degrees: float,
        **others: object,
    ) -> SiteOut:  # fmt: skip
        """Make a site, or change it; ``others`` as in `SiteIn`."""
        body = _body(
            SiteIn,
            name=name,
            supply_max_kw=supply_max_kw,
            latitude_degrees=latitude_degrees,
            longitude_degrees=longitude_degrees,
            **others,
        )
        return self._connection.read(self._connection.send("PUT", _path("sites", site_id), body=body), SiteOut)

    def add_station(self, station_id: str, *, site_id: str, **others: object) -> StationCreated:
        """Register a station; its key is in the answer and nowhere else. ``others`` as in `StationIn`."""
        body = _body(StationIn, id=station_id, site_id=site_id, **others)
        return self._connection.post("/stations", body, StationCreated)

    def rotate_key(self, station_id: str) -> KeyRotated:
        """Have a station told a new key, which nobody else learns."""
        path = _path("stations", station_id, "key-rotations")
        # The server waits for the station.
        return self._connection.read(self._connection.send("POST", path, timeout_seconds=30.0), KeyRotated)

    def check_station(self, station_id: str, *, site_id: str, **others: object) -> None:
        """Raise `BadInput` for a description that `add_station` cannot take."""
        _body(StationIn, id=station_id, site_id=site_id, **others)

    def let_charge(self, id_token: str, *, status: str = "Accepted") -> IdTokenOut:
        """Say whether a card may charge (an OCPP AuthorizationStatus)."""
        body = IdTokenIn(status=status)
        return self._connection.read(self._connection.send("PUT", _path("id-tokens", id_token), body=body), IdTokenOut)

    def sessions(
        self, *, site_id: str | None = None, station_id: str | None = None, active: bool | None = None,
        at_most: int | None = None,
    ) -> list[SessionOut]:  # fmt: skip
        """Charging sessions, the newest first."""
        wanted = {"site_id": site_id, "station_id": station_id, "active": active}
        return list(self._connection.items("/sessions", SessionOut, at_most=at_most, **wanted))

    def session(self, session_id: str) -> SessionOut:
        return self._connection.get(_path("sessions", session_id), SessionOut)

    def start_session(self, station_id: str, *, id_token: str, evse_id: int = 1) -> CommandOut:
        """Ask a station to start charging."""
        body = SessionStartIn(station_id=station_id, evse_id=evse_id, id_token=id_token)
        return self._connection.post("/sessions", body, CommandOut)

    def stop_session(self, session_id: str) -> CommandOut:
        """Ask the station to stop charging."""
        return self._connection.post(_path("sessions", session_id, "stop"), None, CommandOut)

    def set_needs(
        self, session_id: str, *, energy_kwh: float | None = None, departure_at: datetime | None = None,
        profile: str | None = None,
    ) -> SessionOut:  # fmt: skip
        """Say what the driver asks for; what is left out stays."""
        body = _body(SessionNeedsIn, energy_kwh=energy_kwh, departure_at=departure_at, profile=profile)
        return self._connection.read(
            self._connection.send("PATCH", _path("sessions", session_id), body=body), SessionOut
        )

    def meter_values(
        self, session_id: str, *, since: datetime | None = None, measurand: str | None = None,
        at_most: int | None = None,
    ) -> list[MeterValueOut]:  # fmt: skip
        path = _path("sessions", session_id, "meter-values")
        return list(self._connection.items(path, MeterValueOut, at_most=at_most, since=since, measurand=measurand))

    def commands(self, *, station_id: str | None = None, at_most: int | None = 200) -> list[CommandOut]:
        """What stations were told, the newest first."""
        return list(self._connection.items("/commands", CommandOut, at_most=at_most, station_id=station_id))

    def command(self, station_id: str, body: CommandIn) -> CommandOut:
        """Tell a station something, such as ``ResetIn(kind="OnIdle")`` of `twinev.wire.commands`."""
        path = _path("stations", station_id, "commands")
        response = self._connection.send("POST", path, body=body, timeout_seconds=COMMAND_SECONDS)
        return self._connection.read(response, CommandOut)

    def station_reports(
        self, station_id: str, *, report: str | None = None, request_id: int | None = None,
        at_most: int | None = 200,
    ) -> list[StationReportOut]:  # fmt: skip
        """What a station told of itself, the last to come first."""
        path = _path("stations", station_id, "reports")
        wanted = {"report": report, "request_id": request_id}
        return list(self._connection.items(path, StationReportOut, at_most=at_most, **wanted))

    # ── Plans, series ────────────────────────────────────────────────────────────────────────────────────────────────

    def plans(self, *, site_id: str | None = None, at_most: int | None = 50) -> list[PlanOut]:
        """Stored plans without their files, the newest first."""
        return list(self._connection.items("/plans", PlanOut, at_most=at_most, site_id=site_id))

    def plan(self, plan_id: str) -> PlanOut:
        """A stored plan with its scenario and schedule files."""
        return self._connection.get(_path("plans", plan_id), PlanOut)

    def make_plan(
        self, scenario: Mapping[str, Any], *, formulation: str = "cpo", profile: str | None = None,
        solver: str = "auto", gap: float = 1e-4, time_limit_seconds: float = 60.0,
    ) -> PlanCreated:  # fmt: skip
        """Plan a scenario file on the server."""
        options = {"formulation": formulation, "profile": profile, "solver": solver, "gap": gap}
        response = self._connection.send(
            "POST", "/plans", json=dict(scenario), timeout_seconds=time_limit_seconds + 30,
            params={**options, "time_limit": time_limit_seconds},
        )  # fmt: skip
        return self._connection.read(response, PlanCreated)

    def series(self, kind: str, subject: str, *, start: datetime, step_minutes: int = 15, count: int = 96) -> SeriesOut:
        """A series of a site or price zone; None where nothing is known."""
        params = {"start": start, "step_minutes": step_minutes, "count": count}
        return self._connection.get(_path("series", kind, subject), SeriesOut, **params)

    def put_series(
        self, kind: str, subject: str, *, start: datetime, step_minutes: int, values: Sequence[float]
    ) -> None:
        """Write values of equal steps; each replaces the one that was there."""
        body = _body(SeriesIn, start=start, step_minutes=step_minutes, values=tuple(values))
        self._connection.send("PUT", _path("series", kind, subject), body=body)

    # ── Restrictions ─────────────────────────────────────────────────────────────────────────────────────────────────

    def restrictions(self, *, at_most: int | None = None) -> list[RestrictionOut]:
        """Every restriction that was ordered, the newest first."""
        return list(self._connection.items("/restrictions", RestrictionOut, at_most=at_most))

    def restriction(self, restriction_id: str) -> RestrictionOut:
        return self._connection.get(_path("restrictions", restriction_id), RestrictionOut)

    def restrict(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False
    ) -> RestrictionCreated:
        """Cap the sum of the stations' power within [start, end)."""
        body = _restriction(station_ids, limit_kw, start, end, v2g)
        return self._connection.post("/restrictions", body, RestrictionCreated)

    def preview_restriction(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False
    ) -> RestrictionPreview:
        """What `restrict` would do, by planning the sites with and without it; changes nothing."""
        body = _restriction(station_ids, limit_kw, start, end, v2g)
        response = self._connection.send("POST", "/restrictions/preview", body=body, timeout_seconds=90)
        return self._connection.read(response, RestrictionPreview)

    def revoke_restriction(self, restriction_id: str) -> RestrictionOut:
        """End a restriction now."""
        response = self._connection.send("DELETE", _path("restrictions", restriction_id))
        return self._connection.read(response, RestrictionOut) if response.content else self.restriction(restriction_id)

    # ── The system ───────────────────────────────────────────────────────────────────────────────────────────────────

    def health(self) -> HealthOut:
        return self._connection.get("/health", HealthOut)

    def events(self, *, reconnect: bool = True) -> Iterator[EventOut]:
        """Events as they happen, for as long as the caller iterates.

        A lost connection is made again, with the id of the last event; what happened in between is missed where the
        server keeps no past events. With ``reconnect=False`` a lost connection raises `Unavailable`.
        """
        last_id: str | None = None
        while True:
            try:
                for event in self._connection.events(last_id):
                    last_id = event.id
                    yield event
            except Unavailable:
                if not reconnect:
                    raise
            if not reconnect:
                return
            time.sleep(EVENTS_RETRY_SECONDS)


def _restriction(
    station_ids: Iterable[str], limit_kw: float, start: datetime, end: datetime, v2g: bool
) -> RestrictionIn:
    return _body(RestrictionIn, station_ids=tuple(station_ids), limit_kw=limit_kw, start=start, end=end, v2g=v2g)


def _body(kind: type[Body], **fields: object) -> Body:
    try:
        return kind(**fields)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadInput(
            ".".join(str(part) for part in fault["loc"]),
            fault.get("input"),
            fault["msg"].removeprefix("Input should be "),
        ) from error


def _path(*segments: str) -> str:
    return "/" + "/".join(quote(segment, safe="") for segment in segments)
