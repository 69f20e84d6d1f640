"""Gets the bearer token of a client, and a new one before it runs out.

A token comes from a password, from a single-use ticket, or from the caller, and ``POST /auth/renew`` prolongs it; or it
comes from the identity server for a client's own id and secret (client credentials), which gives another one each time.
Expiry is counted on this machine's monotonic clock from the answer's ``expires_in``: no two clocks need to agree.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import httpx
from pydantic import ValidationError

from twinev.client.problems import error_of
from twinev.errors import NotAuthenticated, Unavailable
from twinev.wire.identity import LoginMethodsOut
from twinev.wire.rest.identity import LoginIn, LoginOut, TicketIn

# Renewed when this share of its life is left, so that a slow minute does not end a session.
RENEW_AT_SHARE_LEFT = 0.4


class BearerLogin(httpx.Auth):
    """Puts ``Authorization: Bearer …`` on every request of a client.

    Parameters
    ----------
    base_url : str
        Where ``/auth/login``, ``/auth/renew`` and ``/auth/tickets/redeem`` are.
    username, password, token, ticket, client_id, client_secret : str, optional
        How to get in; see `twinev.client.Client`.
    monotonic : callable
        A clock in seconds that never goes back.
    """

    def __init__(
        self, *, base_url: str, username: str | None = None, password: str | None = None, token: str | None = None,
        ticket: str | None = None, client_id: str | None = None, client_secret: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.token = token
        self._base_url = base_url
        self._username = username
        self._password = password
        self._ticket = ticket
        self._machine = (client_id, client_secret) if client_id and client_secret else None
        self._monotonic = monotonic
        self._renew_at = float("inf")
        self._lock = threading.RLock()

    def forget(self) -> None:
        """Log nobody in from now on."""
        self.token = self._username = self._password = self._ticket = self._machine = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        # Held over the exchange, so that threads that find the token old do not all renew it; never over the request.
        with self._lock:
            yield from self._ensure_token(request.extensions)
            used = self.token
        if used is None:
            yield request
            return
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        with self._lock:
            if self.token == used:
                self.token = None
                if not self._can_log_in:
                    return
                yield from self._ensure_token(request.extensions)
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request

    @property
    def _can_log_in(self) -> bool:
        return (
            self._ticket is not None
            or self._machine is not None
            or (self._username is not None and self._password is not None)
        )

    def _ensure_token(self, extensions: Mapping[str, Any]) -> Generator[httpx.Request, httpx.Response, None]:
        if self._machine is not None:
            if self.token is None or self._monotonic() >= self._renew_at:
                yield from self._ask_identity_server(self._machine, extensions)
            return
        if self.token is not None and self._monotonic() >= self._renew_at:
            response = yield self._post("/auth/renew", None, extensions, bearer=self.token)
            response.read()
            if response.is_success:
                self._keep(response)
            elif response.status_code == httpx.codes.UNAUTHORIZED:
                self.token = None
                if not self._can_log_in:
                    raise NotAuthenticated("the session has ended; log in again")
        if self.token is None and self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            yield from self._exchange("/auth/tickets/redeem", TicketIn(ticket=ticket), extensions)
        elif self.token is None and self._username is not None and self._password is not None:
            yield from self._exchange(
                "/auth/login", LoginIn(username=self._username, password=self._password), extensions
            )

    def _ask_identity_server(
        self, machine: tuple[str, str], extensions: Mapping[str, Any]
    ) -> Generator[httpx.Request, httpx.Response, None]:
        address = f"{self._base_url}/auth/methods"
        response = yield httpx.Request("GET", address, extensions=dict(extensions))
        response.read()
        if response.is_error:
            raise error_of(response)
        endpoint = LoginMethodsOut.model_validate_json(response.content, extra="ignore").token_endpoint
        if endpoint is None:
            raise NotAuthenticated("this platform has no identity server; log in with username and password")
        if not _is_safe(endpoint):
            raise NotAuthenticated(f"the secret is not sent to {endpoint}: only over https, or on this machine")
        body = {"grant_type": "client_credentials"}
        request = httpx.Request("POST", endpoint, data=body, extensions=dict(extensions))
        response = yield next(httpx.BasicAuth(*machine).auth_flow(request))
        response.read()
        if response.is_error:
            raise NotAuthenticated(f"the identity server refuses the client {machine[0]} ({response.status_code})")
        self._keep(response)

    def _exchange(
        self, path: str, body: LoginIn | TicketIn, extensions: Mapping[str, Any]
    ) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield self._post(path, body, extensions)
        # Over a real connection httpx hands the flow an answer whose body is still to come.
        response.read()
        if response.is_error:
            raise error_of(response)
        self._keep(response)

    def _post(
        self, path: str, body: LoginIn | TicketIn | None, extensions: Mapping[str, Any], *, bearer: str | None = None
    ) -> httpx.Request:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        json = body.model_dump(mode="json") if body is not None else None
        # The extensions carry the time limit of the request that needs the token.
        return httpx.Request("POST", f"{self._base_url}{path}", json=json, headers=headers, extensions=dict(extensions))

    def _keep(self, response: httpx.Response) -> None:
        try:
            login = LoginOut.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise Unavailable(f"{response.request.url} gave no access token") from error
        self.token = login.access_token
        self._renew_at = self._monotonic() + login.expires_in * (1 - RENEW_AT_SHARE_LEFT)


def _is_safe(address: str) -> bool:
    url = httpx.URL(address)
    return url.scheme == "https" or url.host in ("127.0.0.1", "::1", "localhost")
