"""One request to the API and its answer: retries, pages, and answers read into the wire models."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from twinev import __version__
from twinev.client.problems import error_of
from twinev.errors import Unavailable
from twinev.wire.base import WireModel
from twinev.wire.rest.pages import Page
from twinev.wire.rest.system import EventOut

Body = TypeVar("Body", bound=WireModel)

PAGE_ITEMS = 200
RETRY_WAITS_SECONDS = (0.1, 0.5)
# A request that got no connection, or lost it before the answer, may be sent again: reading changes nothing, writing
# twice is writing once, and a POST carries an Idempotency-Key. One that timed out is not sent again, for the server may
# still be at work on it and the caller has waited long enough.
_RETRIED = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


class Connection:
    """Carries requests to ``/api/v1`` of one server.

    Parameters
    ----------
    url : str
        The server's address, without a path.
    login : httpx.Auth
        Puts the bearer token on each request.
    app : str
        Which program asks.
    timeout_seconds : float
        How long to wait for an answer, unless a request asks for more. [s]
    transport : httpx.BaseTransport, optional
        What carries the requests where it is not the network.
    """

    def __init__(
        self,
        *,
        url: str,
        login: httpx.Auth,
        app: str,
        timeout_seconds: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._http = httpx.Client(
            base_url=f"{url}/api/v1",
            auth=login,
            timeout=timeout_seconds,
            transport=transport,
            headers={"Accept": "application/json", "User-Agent": f"{app} twinev-client/{__version__}"},
            # The platform's own address must not be sent through the machine's web proxy.
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, kind: type[Body], **params: object) -> Body:
        return self.read(self.send("GET", path, params=params), kind)

    def post(self, path: str, body: WireModel | None, kind: type[Body]) -> Body:
        return self.read(self.send("POST", path, body=body), kind)

    def items(self, path: str, kind: type[Body], *, at_most: int | None = None, **params: object) -> Iterator[Body]:
        """Follow the cursor to the end, or until ``at_most`` items were given."""
        cursor: str | None = None
        given = 0
        while at_most is None or given < at_most:
            limit = PAGE_ITEMS if at_most is None else min(PAGE_ITEMS, at_most - given)
            page = self.get(path, Page[kind], **params, limit=limit, cursor=cursor)
            yield from page.items[:limit]
            given += len(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return

    def send(
        self, method: str, path: str, *, body: WireModel | None = None, json: object = None,
        params: Mapping[str, object] | None = None, timeout_seconds: float = 0.0, if_match: str | None = None,
    ) -> httpx.Response:  # fmt: skip
        """Send, and raise what a problem answer stands for; ``if_match`` is the ETag that an edit was made from."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        if if_match is not None:
            headers["If-Match"] = if_match
        content = body.model_dump(mode="json") if body is not None else json
        request = self._http.build_request(
            method, path, json=content, params=_query(params or {}), headers=headers,
            timeout=max(self._timeout_seconds, timeout_seconds),
        )  # fmt: skip
        response = self._carry(request)
        if response.is_error:
            raise error_of(response)
        return response

    def read(self, response: httpx.Response, kind: type[Body]) -> Body:
        """Read an answer; keys that a newer server adds are passed over."""
        try:
            return kind.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in fault["loc"])
            url = f"{response.request.method} {response.request.url}"
            raise Unavailable(f"{url} gave an answer that this client cannot read: {where}: {fault['msg']}") from error

    def events(self, last_id: str | None) -> Iterator[EventOut]:
        """The server-sent events after ``last_id``, until the connection ends."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        # The server sends a comment now and then; silence for longer means that it is gone.
        timeout = httpx.Timeout(self._timeout_seconds, read=60.0)
        try:
            with self._http.stream("GET", "/events", headers=headers, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield from events_in(response.iter_lines())
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _carry(self, request: httpx.Request) -> httpx.Response:
        for wait_seconds in (*RETRY_WAITS_SECONDS, None):
            try:
                return self._http.send(request)
            except httpx.TransportError as error:
                if wait_seconds is None or not isinstance(error, _RETRIED):
                    raise self._away(error) from error
                time.sleep(wait_seconds)
        raise AssertionError("the last try either returned or raised")

    def _away(self, error: httpx.TransportError) -> Unavailable:
        return Unavailable(f"the API at {self._url} does not answer ({type(error).__name__}); is `twinev up` running?")


def events_in(lines: Iterable[str]) -> Iterator[EventOut]:
    """The events in the lines of a server-sent stream; comments and other fields are passed over."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield EventOut.model_validate_json("\n".join(data), extra="ignore")
            data = []


def _query(params: Mapping[str, object]) -> dict[str, Any]:
    """Leave out what is None; times become ISO 8601."""
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in params.items()
        if value is not None
    }
