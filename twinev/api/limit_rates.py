"""Limits how often somebody may ask: a token bucket for each user, and one for each address that is not logged in.

A bucket holds the requests of `BURST_SECONDS`, and fills at the allowed rate. What comes when it is empty is answered
with 429 and the time to wait, before any work is done for it. The buckets are this process's own: of several API
processes each allows the rate.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from twinev.api.acting import USER
from twinev.api.problems import answer_to
from twinev.errors import TooManyTries

BURST_SECONDS = 5.0
#: Never counted: what a supervisor asks, and what a browser keeps.
EXEMPT = ("/api/v1/health", "/assets/", "/static/")
#: Of each kind. The one that is forgotten has not asked for the longest time, so its bucket is full again.
MOST_BUCKETS = 10_000


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Requests a second that are allowed in the long run; 0 allows any number."""

    per_user: float = 200.0
    per_address: float = 100.0


class Buckets:
    """Token buckets of one rate, by name.

    Parameters
    ----------
    per_second : float
        How fast each fills. [1/s]
    seconds : Callable
        A clock that never goes back. [s]
    """

    def __init__(self, per_second: float, seconds: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second * BURST_SECONDS)
        self._seconds = seconds
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take a token and return 0, or return how long to wait for one. [s]"""
        if self._per_second <= 0:
            return 0.0
        now = self._seconds()
        tokens, then = self._held.pop(name, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - then) * self._per_second)
        wait_seconds = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._held[name] = (tokens if wait_seconds else tokens - 1, now)
        if len(self._held) > MOST_BUCKETS:
            self._held.popitem(last=False)
        return wait_seconds


class LimitRates:
    """ASGI middleware within `twinev.api.acting.Acting`, which tells it afterwards whose login a request came with.

    A login is known by its token or cookie from the request on in which it was accepted. Until then, and when it never
    is, the address is counted: who tries forged tokens is limited like somebody without any.

    Parameters
    ----------
    rates : Rates
        What is allowed.
    """

    def __init__(self, app: ASGIApp, rates: Rates | None = None, seconds: Callable[[], float] = time.monotonic) -> None:
        rates = rates or Rates()
        self._app = app
        self._users = Buckets(rates.per_user, seconds)
        self._addresses = Buckets(rates.per_address, seconds)
        self._known: OrderedDict[bytes, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        login = _login_in(scope)
        wait_seconds = self._take(login, scope)
        if wait_seconds:
            error = TooManyTries("use the API", wait_seconds)
            await answer_to(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)
        self._note(login, scope)

    def _take(self, login: bytes | None, scope: Scope) -> float:
        user_id = None if login is None else self._known.get(login)
        if user_id is not None:
            return self._users.take(user_id)
        client = scope.get("client")
        return self._addresses.take(client[0] if client else "unknown")

    def _note(self, login: bytes | None, scope: Scope) -> None:
        user = scope["state"].get(USER)
        if login is not None and user is not None:
            self._known[login] = user.id
            self._known.move_to_end(login)
            if len(self._known) > MOST_BUCKETS:
                self._known.popitem(last=False)


def _login_in(scope: Scope) -> bytes | None:
    """What a request proves its login with, hashed; None where it brings nothing."""
    headers = dict(scope["headers"])
    given = headers.get(b"authorization")
    if given is None:
        cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
        given = cookies.get(scope["app"].state.identity.cookie_name, "").encode()
    return hashlib.sha256(given).digest() if given else None
