"""The client itself: methods named after the resources of ``/api/v1``, with the models of `twinev.wire.rest`.

Lists follow the cursor to the end, and problem details become the exceptions of `twinev.errors`. Every POST carries an
Idempotency-Key, so that a request whose answer was lost is sent again safely. A `Client` may be used from several
threads.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

from twinev.client.analysis import AnalysisCalls
from twinev.client.audit import AuditCalls
from twinev.client.bearer import BearerLogin
from twinev.client.charge_points import ChargePointCalls
from twinev.client.charging import ChargingCalls
from twinev.client.connection import Connection
from twinev.client.driving import PreferenceCalls, ReservationCalls, VehicleCalls
from twinev.client.grid import GridCalls
from twinev.client.insight import InsightCalls
from twinev.client.planning import PlanningCalls
from twinev.client.pricing import PricingCalls
from twinev.errors import Forbidden, NotAuthenticated, TwinEVError, Unavailable
from twinev.wire.identity import OwnNameIn
from twinev.wire.rest.identity import UserOut
from twinev.wire.rest.system import EventOut, HealthOut

DEFAULT_URL = "http://127.0.0.1:8080"
EVENTS_RETRY_SECONDS = 1.0
# Well below the life of a token, which is 5 minutes.
STAY_SECONDS = 60.0


class Client(
    ChargePointCalls,
    ChargingCalls,
    PlanningCalls,
    GridCalls,
    InsightCalls,
    AnalysisCalls,
    AuditCalls,
    PricingCalls,
    ReservationCalls,
    VehicleCalls,
    PreferenceCalls,
):
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
        A single-use ticket of a dashboard or of the page ``/ticket``, exchanged for a token at the first request.
    client_id, client_secret : str, optional
        A service account of the identity server: a program that acts for itself.
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
        client_id: str | None = None,
        client_secret: str | None = None,
        app: str = "script",
        timeout_seconds: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = (url or os.environ.get("TWINEV_API_URL") or DEFAULT_URL).rstrip("/")
        self._login = BearerLogin(
            base_url=f"{self.url}/api/v1",
            username=username,
            password=password,
            token=token,
            ticket=ticket,
            client_id=client_id,
            client_secret=client_secret,
        )
        self._closed = threading.Event()
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
        self._closed.set()
        self._connection.close()

    # ── Who am I ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def me(self) -> UserOut:
        """The user that this client acts for."""
        return self._connection.get("/auth/me", UserOut)

    def rename_me(self, display_name: str) -> UserOut:
        """Change how one is called, where the names are kept here."""
        response = self._connection.send("PATCH", "/auth/me", body=OwnNameIn(display_name=display_name))
        return self._connection.read(response, UserOut)

    def access_token(self) -> str:
        """A token that is good now, for what does not go through this client."""
        self.me()
        return self._login.token or ""

    def stay_logged_in(self, *, ask_seconds: float = STAY_SECONDS) -> None:
        """Renew the login while nobody asks anything, until the client is closed or the login ends.

        For notebooks: between two cells a person thinks for longer than a token lives.
        """
        self.me()
        threading.Thread(target=self._stay, args=(ask_seconds,), name="stay-logged-in", daemon=True).start()

    def _stay(self, ask_seconds: float) -> None:
        while not self._closed.wait(ask_seconds):
            try:
                self.me()
            except (NotAuthenticated, Forbidden):
                return
            except TwinEVError:
                # It may answer again in time.
                continue

    def log_out(self) -> None:
        """End the session at the server; the client is of no use afterwards."""
        with suppress(TwinEVError):
            self._connection.send("POST", "/auth/logout")
        self._closed.set()
        self._login.forget()

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
