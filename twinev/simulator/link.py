"""OCPP-J over one WebSocket: CALLs out with their answers, CALLs in with ours.

Everything that comes in is checked against the ``ocpp`` library's JSON schemas: this is where the simulator notices
a CSMS that does not speak OCPP. What goes out is made of the library's dataclasses, and checked by the tests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from twinev.simulator.dialect import CommandRefused, NoAnswer, Request
from twinev.simulator.schemas import fault_of_call, fault_of_result

LOGGER = logging.getLogger(__name__)

# OCPP-J's message types.
CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4


class CallFailed(Exception):
    """A CALL had no usable answer; ``code`` is the CALLERROR's, or ``Timeout``, ``Closed`` or ``Invalid``."""

    def __init__(self, code: str, description: str = "") -> None:
        self.code = code
        super().__init__(f"{code}: {description}" if description else code)


class Link:
    """One socket to the CSMS, for one station.

    Parameters
    ----------
    obey : callable
        Carries out a CALL of the CSMS (action, payload) and returns the CALLRESULT's payload, or raises
        `CommandRefused` or `NoAnswer`.
    new_id : callable
        Makes the message id of the next CALL.
    timeout_seconds : float
        How long a CALL waits for its answer. [s of the wall clock]
    """

    def __init__(
        self,
        connection: ClientConnection,
        *,
        station_id: str,
        version: str,
        format_error: str,
        obey: Callable[[str, dict[str, Any]], dict[str, Any]],
        new_id: Callable[[], str],
        timeout_seconds: float,
    ) -> None:
        self._connection = connection
        self._station_id = station_id
        self._version = version
        self._format_error = format_error
        self._obey = obey
        self._new_id = new_id
        self._timeout_seconds = timeout_seconds
        self._waiting: dict[str, tuple[str, asyncio.Future[dict[str, Any]]]] = {}

    async def call(self, request: Request) -> dict[str, Any]:
        """Send a CALL with a new message id and return the CALLRESULT's payload.

        Raises
        ------
        CallFailed
            A CALLERROR, an answer that is not OCPP, no answer in time, or the end of the socket.
        """
        message_id = self._new_id()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = (request.action, answer)
        try:
            await self._send([CALL, message_id, request.action, request.payload])
            async with asyncio.timeout(self._timeout_seconds):
                return await answer
        except TimeoutError:
            raise CallFailed("Timeout", f"{request.action}: nothing in {self._timeout_seconds:g} s") from None
        except ConnectionClosed:
            raise CallFailed("Closed", request.action) from None
        finally:
            del self._waiting[message_id]

    async def listen(self) -> None:
        """Take in what the CSMS sends until the socket ends."""
        try:
            async for raw in self._connection:
                await self._take_in(raw)
        finally:
            for action, answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(CallFailed("Closed", action))

    async def _take_in(self, raw: str | bytes) -> None:
        try:
            frame = orjson.loads(raw)
            kind, message_id = frame[0], frame[1]
        except (ValueError, TypeError, IndexError, KeyError):
            LOGGER.warning("%s: the CSMS sent what is not OCPP-J: %.200s", self._station_id, raw)
            return
        match kind, len(frame):
            case (2, 4):
                await self._answer(message_id, frame[2], frame[3])
            case (3, 3):
                self._settle(message_id, frame[2])
            case (4, 5):
                if (waiting := self._waiting.get(message_id)) and not waiting[1].done():
                    waiting[1].set_exception(CallFailed(str(frame[2]), str(frame[3])))
            case _:
                LOGGER.warning("%s: the CSMS sent what is not OCPP-J: %.200s", self._station_id, raw)

    async def _answer(self, message_id: str, action: str, payload: dict[str, Any]) -> None:
        try:
            fault = fault_of_call(self._version, action, payload)
            if fault is not None:
                raise CommandRefused(self._format_error, fault)
            answer = [CALL_RESULT, message_id, self._obey(action, payload)]
        except CommandRefused as refusal:
            answer = [CALL_ERROR, message_id, refusal.code, refusal.description[:255], {}]
        except NoAnswer:
            LOGGER.debug("%s: %s is not answered", self._station_id, action)
            return
        LOGGER.debug("%s: %s answered by %s", self._station_id, action, answer)
        await self._send(answer)

    def _settle(self, message_id: str, payload: dict[str, Any]) -> None:
        waiting = self._waiting.get(message_id)
        if waiting is None or waiting[1].done():
            return
        action, answer = waiting
        fault = fault_of_result(self._version, action, payload)
        if fault is None:
            answer.set_result(payload)
            return
        LOGGER.warning("%s: the answer to %s breaks its schema: %s", self._station_id, action, fault)
        answer.set_exception(CallFailed("Invalid", fault))

    async def _send(self, frame: list[Any]) -> None:
        await self._connection.send(orjson.dumps(frame).decode())
