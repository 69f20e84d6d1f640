"""The OCPP-J RPC layer of one socket: at most one CALL under way in each direction, every CALL answered.

It is written here, over the schemas of the `ocpp` package, for the reasons in ADR 0005: no input may end the
connection, malformed frames get the answer that the specification names, and a message costs microseconds.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from twinev.adapters.ocpp import frames
from twinev.adapters.ocpp.dialect import Dialect
from twinev.adapters.ocpp.faults import CallFault, CallRefused, CallTimedOut, ConnectionLost
from twinev.adapters.ocpp.schemas import InvalidPayload, check_request, check_response

logger = logging.getLogger(__name__)

# A station waits for one answer before its next CALL; one that does not is answered in order, up to here.
LONGEST_QUEUE = 64


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The payload of a CALLRESULT, and what to do once it is on its way."""

    payload: dict[str, Any]
    afterwards: Callable[[], None] | None = None


class Rpc:
    """The owner feeds `receive` with every frame and runs `serve` as a task as long as the socket is open.

    Parameters
    ----------
    dialect : Dialect
        The version that was agreed on.
    send : callable
        Puts a text frame on the socket.
    handle : callable
        Answers a CALL: action and valid payload in, `Reply` out; raises `CallFault` to refuse.
    name : str
        The station's id, for the log.
    """

    def __init__(
        self,
        *,
        dialect: Dialect,
        send: Callable[[str], Awaitable[None]],
        handle: Callable[[str, dict[str, Any]], Awaitable[Reply]],
        name: str,
    ) -> None:
        self._dialect = dialect
        self._send = send
        self._handle = handle
        self._name = name
        self._inbound: asyncio.Queue[frames.Call] = asyncio.Queue(LONGEST_QUEUE)
        self._turn = asyncio.Lock()
        self._awaited: tuple[str, asyncio.Future[frames.CallResult | frames.CallError]] | None = None
        self._closed = False

    async def receive(self, text: str | bytes) -> None:
        """Take one frame; never waits for a CALL's handling, so that crossing CALLs do not block each other."""
        match frames.read_frame(text):
            case frames.Call() as call:
                if self._inbound.full():
                    await self._refuse(call.message_id, self._dialect.codes.generic, "too many CALLs at once")
                else:
                    self._inbound.put_nowait(call)
            case frames.CallResult() | frames.CallError() as answer:
                self._resolve(answer)
            case frames.Malformed() as malformed:
                await self._answer_malformed(malformed)
            case frames.Ignored(reason=reason):
                logger.info("station %s: %s", self._name, reason)

    async def serve(self) -> None:
        """Answer CALLs in the order in which they came, until cancelled."""
        while True:
            call = await self._inbound.get()
            await self._answer(call)

    async def call(self, action: str, payload: dict[str, Any], *, timeout_seconds: float) -> dict[str, Any]:
        """Send a CALL and return the payload of its CALLRESULT.

        Raises
        ------
        CallRefused
            A CALLERROR came, or a result that its schema refuses, or the payload itself is invalid.
        CallTimedOut
            No answer within ``timeout_seconds``, waiting for an earlier CALL included. [s]
        ConnectionLost
            The socket closed.
        """
        try:
            check_request(self._dialect.schemas, action, payload)
        except InvalidPayload as invalid:
            raise CallRefused(self._dialect.codes.of_rule(invalid.rule), f"not sent: {invalid}") from invalid
        try:
            async with asyncio.timeout(timeout_seconds), self._turn:
                answer = await self._call_now(action, payload)
        except TimeoutError as error:
            raise CallTimedOut(f"station {self._name} did not answer {action} in {timeout_seconds:g} s") from error
        if isinstance(answer, frames.CallError):
            raise CallRefused(answer.code, answer.description)
        try:
            check_response(self._dialect.schemas, action, answer.payload)
        except InvalidPayload as invalid:
            raise CallRefused(self._dialect.codes.of_rule(invalid.rule), f"unusable result: {invalid}") from invalid
        return answer.payload

    def close(self) -> None:
        """The socket is gone: who waits for an answer learns it."""
        self._closed = True
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(ConnectionLost(f"station {self._name} disconnected"))

    async def _call_now(self, action: str, payload: dict[str, Any]) -> frames.CallResult | frames.CallError:
        if self._closed:
            raise ConnectionLost(f"station {self._name} disconnected")
        message_id = uuid.uuid4().hex
        self._awaited = message_id, asyncio.get_running_loop().create_future()
        try:
            await self._send(frames.write_call(message_id, action, payload))
            return await self._awaited[1]
        finally:
            self._awaited = None

    def _resolve(self, answer: frames.CallResult | frames.CallError) -> None:
        if self._awaited is None or self._awaited[0] != answer.message_id or self._awaited[1].done():
            logger.info("station %s: an answer that nobody waits for, id %.40s", self._name, answer.message_id)
            return
        self._awaited[1].set_result(answer)

    async def _answer(self, call: frames.Call) -> None:
        try:
            reply = await self._handled(call)
        except CallFault as fault:
            await self._refuse(call.message_id, fault.code, str(fault))
            return
        except Exception:
            # Whatever went wrong here is not the station's fault: it hears so, and the socket stays.
            logger.exception("station %s: %s failed", self._name, call.action)
            await self._refuse(call.message_id, self._dialect.codes.internal, "the central system failed; try again")
            return
        await self._send(frames.write_result(call.message_id, reply.payload))
        if reply.afterwards is not None:
            reply.afterwards()

    async def _handled(self, call: frames.Call) -> Reply:
        codes = self._dialect.codes
        if call.action not in self._dialect.known_actions:
            raise CallFault(codes.not_implemented, f"{call.action[:50]} is no action of {self._dialect.protocol}")
        if call.action not in self._dialect.station_messages:
            raise CallFault(codes.not_supported, f"{call.action} is not supported here")
        try:
            check_request(self._dialect.schemas, call.action, call.payload)
        except InvalidPayload as invalid:
            raise CallFault(codes.of_rule(invalid.rule), str(invalid)) from invalid
        return await self._handle(call.action, call.payload)

    async def _answer_malformed(self, malformed: frames.Malformed) -> None:
        logger.info("station %s: malformed frame: %s", self._name, malformed.reason)
        codes = self._dialect.codes
        code = codes.unknown_message_type if malformed.unknown_type else codes.malformed
        if code is not None:
            await self._refuse(malformed.message_id, code, malformed.reason)

    async def _refuse(self, message_id: str, code: str, description: str) -> None:
        await self._send(frames.write_error(message_id, code, description))
