"""OCPP-J over one WebSocket: CALLs out with their answers, CALLs in with ours.

Everything that comes in is checked against the ``ocpp`` library's JSON schemas: this is where the simulator notices
a CSMS that does not speak OCPP. What goes out is made of the library's dataclasses, and checked by the tests.
"""

from __future__ import annotations

import asyncio
import decimal
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

from jsonschema import ValidationError
from ocpp.messages import MessageType, get_validator
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from twinev.simulator.dialect import CommandRefused, Request

LOGGER = logging.getLogger(__name__)


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
        `CommandRefused`.
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
        timeout_seconds: float,
    ) -> None:
        self._connection = connection
        self._station_id = station_id
        self._version = version
        self._format_error = format_error
        self._obey = obey
        self._timeout_seconds = timeout_seconds
        self._waiting: dict[str, tuple[str, asyncio.Future[dict[str, Any]]]] = {}

    async def call(self, request: Request) -> dict[str, Any]:
        """Send a CALL with a new message id and return the CALLRESULT's payload.

        Raises
        ------
        CallFailed
            A CALLERROR, an answer that is not OCPP, no answer in time, or the end of the socket.
        """
        message_id = str(uuid.uuid4())
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = (request.action, answer)
        try:
            await self._send([MessageType.Call, message_id, request.action, request.payload])
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
            frame = json.loads(raw)
            kind, message_id = frame[0], frame[1]
        except (ValueError, TypeError, IndexError, KeyError):
            LOGGER.warning("%s: the CSMS sent what is not OCPP-J: %.200s", self._station_id, raw)
            return
        match kind, len(frame):
            case MessageType.Call, 4:
                await self._answer(raw, message_id, frame[2], frame[3])
            case MessageType.CallResult, 3:
                self._settle(raw, message_id, frame[2])
            case MessageType.CallError, 5:
                if (waiting := self._waiting.get(message_id)) and not waiting[1].done():
                    waiting[1].set_exception(CallFailed(str(frame[2]), str(frame[3])))
            case _:
                LOGGER.warning("%s: the CSMS sent what is not OCPP-J: %.200s", self._station_id, raw)

    async def _answer(self, raw: str | bytes, message_id: str, action: str, payload: dict[str, Any]) -> None:
        try:
            self._check(MessageType.Call, action, raw, 3)
            answer = [MessageType.CallResult, message_id, self._obey(action, payload)]
        except CommandRefused as refusal:
            answer = [MessageType.CallError, message_id, refusal.code, refusal.description, {}]
        except ValidationError as error:
            answer = [MessageType.CallError, message_id, self._format_error, error.message[:255], {}]
        LOGGER.debug("%s: %s answered by %s", self._station_id, action, answer)
        await self._send(answer)

    def _settle(self, raw: str | bytes, message_id: str, payload: dict[str, Any]) -> None:
        waiting = self._waiting.get(message_id)
        if waiting is None or waiting[1].done():
            return
        action, answer = waiting
        try:
            self._check(MessageType.CallResult, action, raw, 2)
        except ValidationError as error:
            LOGGER.warning("%s: the answer to %s breaks its schema: %s", self._station_id, action, error.message)
            answer.set_exception(CallFailed("Invalid", error.message))
        else:
            answer.set_result(payload)

    def _check(self, kind: int, action: str, raw: str | bytes, place: int) -> None:
        try:
            validator = get_validator(kind, action, self._version, parse_float=decimal.Decimal)
        except OSError:
            # No schema: an action that this version does not have; `obey` refuses it by its name.
            return
        # 1.6 wants limits in tenths, and 15.9 is no multiple of 0.1 among binary fractions.
        validator.validate(json.loads(raw, parse_float=decimal.Decimal)[place])

    async def _send(self, frame: list[Any]) -> None:
        await self._connection.send(json.dumps(frame, separators=(",", ":")))
