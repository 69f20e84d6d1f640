"""HTTP/1.1 connections as light as can be: one request at a time on each, kept alive, answers with a length.

What is measured is the server; a full client would take as much of the two cores as the server does.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, kw_only=True)
class Request:
    """``token`` is the caller's access token; None is a stranger."""

    method: str
    path: str
    token: str | None = None
    body: Any = None
    if_match: str | None = None
    idempotency_key: str | None = None

    def encoded(self) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} /api/v1{self.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {self.token}")
        if self.body is not None:
            lines.append("Content-Type: application/json")
        if self.if_match is not None:
            lines.append(f"If-Match: {self.if_match}")
        if self.idempotency_key is not None:
            lines.append(f"Idempotency-Key: {self.idempotency_key}")
        return "\r\n".join((*lines, "", "")).encode() + body


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    etag: str | None
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connections:
    """As many connections as requests are under way; a free one is used again.

    Parameters
    ----------
    port : int
        The server's, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: deque[_Connection] = deque()
        self.opened = 0

    async def ask(self, request: Request) -> Answer:
        """Send a request and return its answer; raise `OSError` where the server closes instead."""
        while self._free and self._free[-1].closed:
            self._free.pop()
        connection = self._free.pop() if self._free else await self._open()
        answer = await connection.ask(request.encoded())
        self._free.append(connection)
        return answer

    async def _open(self) -> _Connection:
        self.opened += 1
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
        return connection

    def close(self) -> None:
        for connection in self._free:
            connection.transport.close()


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport
    closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own sockets are not of asyncio's class, and have its methods.
        self.transport = cast(asyncio.Transport, transport)
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None

    async def ask(self, request: bytes) -> Answer:
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _parsed(self._received)
        if answer is not None and self._answer is not None:
            self._answer.set_result(answer)
            self._answer = None

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if self._answer is not None:
            self._answer.set_exception(OSError(f"the server closed the connection: {error}"))


def _parsed(received: bytes) -> Answer | None:
    """The answer, once it is complete."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return None
    status_line, *lines = head.split(b"\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if len(body) < int(headers.get(b"content-length", b"0")):
        return None
    etag = headers.get(b"etag")
    return Answer(status=int(status_line.split(b" ")[1]), etag=None if etag is None else etag.decode(), body=body)
