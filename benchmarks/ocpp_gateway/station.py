"""A charging station as light as can be: a socket, WebSocket frames by hand, one CALL under way at a time.

What is measured is the server; so a station costs a tenth of what the server does. Its masking key is four zeros, which
the protocol allows: the server unmasks as ever, the station need not mask.
"""

from __future__ import annotations

import asyncio
import base64
import re
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import cast

import orjson

from benchmarks.ocpp_gateway import messages

# Of a station that was not told when to come again.
AGAIN_SECONDS = 1.0

_MASK = bytes(4)
_SHORT, _MEDIUM = 126, 65536
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
# What a station says to a command; other commands it does not know.
_RESULTS: dict[str, dict[str, object]] = {
    "GetConfiguration": {"configurationKey": []},
    "SetChargingProfile": {"status": "Accepted"},
}


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame."""
    length = len(payload)
    if length < _SHORT:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    return head + _MASK + payload


class Station(asyncio.Protocol):
    """One station's socket.

    Parameters
    ----------
    station_id, key : str
        Basic authentication; an empty key is security profile 0.
    on_ready : callable
        Hears when the first heartbeat is answered.
    on_closed : callable
        Hears of the socket's end: the HTTP status if the handshake was refused, and when to come again. [s]
    on_answered : callable
        Hears of every answer to MeterValues: seconds since the moment it was due, and whether it was a CALLRESULT.
    """

    def __init__(
        self,
        *,
        station_id: str,
        key: str,
        on_ready: Callable[[], None],
        on_closed: Callable[[int, float], None],
        on_answered: Callable[[Station, float, bool], None],
    ) -> None:
        self._station_id, self._key = station_id, key
        self._on_ready, self._on_closed, self._on_answered = on_ready, on_closed, on_answered
        self.transport: asyncio.WriteTransport
        self.ready = False
        self._refused_with = 0
        self._again_seconds = AGAIN_SECONDS
        self._open = False
        self._buffer = b""
        self._number = 0
        self._awaited = b""
        self._due: deque[float] = deque()
        self._due_at = 0.0

    def send_meter_values(self, due_at: float) -> None:
        """Send the next one, now or when the one before is answered. ``due_at`` is by `time.perf_counter`. [s]"""
        if self._awaited:
            self._due.append(due_at)
            return
        self._number += 1
        self._awaited = messages.message_id(self._number)
        self._due_at = due_at
        self.transport.write(frame(_TEXT, messages.meter_values(self._number)))

    def continue_after(self, number: int) -> None:
        """Go on counting where an earlier socket of the station ended."""
        self._number = number

    @property
    def number(self) -> int:
        return self._number

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        lines = [
            f"GET /ocpp/{self._station_id} HTTP/1.1",
            "Host: localhost",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: ocpp1.6",
        ]
        if self._key:
            credentials = base64.b64encode(f"{self._station_id}:{self._key}".encode()).decode()
            lines.append(f"Authorization: Basic {credentials}")
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open and not self._read_handshake():
            return
        while (taken := self._take_frame()) is not None:
            opcode, payload = taken
            if opcode == _TEXT:
                self._take_text(payload)
            elif opcode == _PING:
                self.transport.write(frame(_PONG, payload))
            elif opcode == _CLOSE:
                self.transport.write(frame(_CLOSE, payload))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ready = False
        self._on_closed(self._refused_with, self._again_seconds)

    def _read_handshake(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        status = re.match(rb"HTTP/1\.1 (\d+)", head)
        if status is None or status[1] != b"101":
            self._refused_with = int(status[1]) if status else -1
            told = re.search(rb"(?i)\nRetry-After: (\d+)", head)
            self._again_seconds = float(told[1]) if told else AGAIN_SECONDS
            self.transport.close()
            return False
        self._open, self._buffer = True, rest
        self.transport.write(frame(_TEXT, messages.HEARTBEAT))
        return True

    def _take_frame(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < 2:
            return None
        length, start = self._buffer[1] & 0x7F, 2
        if length == _SHORT:
            if len(self._buffer) < 4:
                return None
            length, start = int.from_bytes(self._buffer[2:4], "big"), 4
        elif length > _SHORT:
            raise ValueError(f"station {self._station_id} got a frame of {_MEDIUM} bytes or more")
        end = start + length
        if len(self._buffer) < end:
            return None
        opcode, payload = self._buffer[0] & 0x0F, self._buffer[start:end]
        self._buffer = self._buffer[end:]
        return opcode, payload

    def _take_text(self, payload: bytes) -> None:
        match payload[1:2]:
            case b"2":
                _, call_id, action, _ = orjson.loads(payload)
                result = _RESULTS.get(action)
                answer = [4, call_id, "NotSupported", "", {}] if result is None else [3, call_id, result]
                self.transport.write(frame(_TEXT, orjson.dumps(answer)))
            case b"3" | b"4" if self.ready:
                self._take_answer(payload)
            case b"3":
                self.ready = True
                self._on_ready()

    def _take_answer(self, payload: bytes) -> None:
        if self._awaited not in payload:
            raise ValueError(f"station {self._station_id} waits for {self._awaited!r} and got {payload!r}")
        seconds = time.perf_counter() - self._due_at
        self._awaited = b""
        if self._due:
            self.send_meter_values(self._due.popleft())
        self._on_answered(self, seconds, payload[1:2] == b"3")
