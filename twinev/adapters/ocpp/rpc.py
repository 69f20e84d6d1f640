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
from typing import Any, TypeVar

from twinev.adapters.ocpp import frames
from twinev.adapters.ocpp.dialect import Dialect
from twinev.adapters.ocpp.faults import CallFault, CallRefused, CallTimedOut, ConnectionLost
from twinev.adapters.ocpp.mapping.steps import UnusablePayload
from twinev.adapters.ocpp.schemas import InvalidPayload, check_request, check_response, check_send
from twinev.errors import BadInput

logger = logging.getLogger(__name__)

# A station waits for one answer before its next CALL; one that does not is answered in order, up to here.
LONGEST_QUEUE = 64

Answer = frames.CallResult | frames.CallError | frames.Broken
Meaning = TypeVar("Meaning")


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
        self._inbound: asyncio.Queue[frames.Call | frames.Send] = asyncio.Queue(LONGEST_QUEUE)
        self._handling: set[str] = set()
        self._turn = asyncio.Lock()
        self._awaited: tuple[str, asyncio.Future[Answer]] | None = None
        self._closed = False

    async def receive(self, text: str | bytes) -> None:
        """Take one frame; never waits for a CALL's handling, so that crossing CALLs do not block each other."""
        match frames.read_frame(text, self._dialect.message_types):
            case frames.Call() as call:
                await self._enqueue(call)
            case frames.CallResult() | frames.CallError() | frames.Broken() as answer:
                self._resolve(answer)
            case frames.Malformed() as malformed:
                await self._answer_malformed(malformed)
            case frames.Send() as send:
                self._enqueue_send(send)
            case frames.CallResultError(message_id=message_id, code=code, description=description):
                logger.warning(
                    "station %s cannot use our answer to %.40s: %.50s %.255s", self._name, message_id, code, description
                )

    async def serve(self) -> None:
        """Take CALLs and SENDs in the order in which they came, until cancelled."""
        while True:
            message = await self._inbound.get()
            if isinstance(message, frames.Call):
                await self._answer(message)
            else:
                await self._take(message)

    async def call(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        timeout_seconds: float,
        read: Callable[[dict[str, Any]], Meaning],
    ) -> Meaning:
        """Send a CALL and return what ``read`` makes of its CALLRESULT's payload.

        Raises
        ------
        CallRefused
            A CALLERROR came, or a result that its schema or ``read`` refuses, or the payload itself is invalid.
        CallTimedOut
            No answer within ``timeout_seconds``, waiting for an earlier CALL included. [s]
        ConnectionLost
            The socket closed.
        """
        try:
            check_request(self._dialect.schemas, action, payload)
        except InvalidPayload as invalid:
            raise CallRefused(self._code_of(invalid), f"not sent: {invalid}") from invalid
        try:
            async with asyncio.timeout(timeout_seconds), self._turn:
                message_id, answer = await self._call_now(action, payload)
        except TimeoutError as error:
            raise CallTimedOut(f"station {self._name} did not answer {action} in {timeout_seconds:g} s") from error
        if isinstance(answer, frames.CallError):
            raise CallRefused(answer.code, answer.description)
        try:
            return self._read_result(action, answer, read)
        except CallRefused as refused:
            if self._dialect.complains_of_results and not _is_broken_error(answer):
                # OCPP 2.1 part 4, §4.2.3: the sender of a CALLRESULT hears that it could not be processed.
                await self._send(frames.write_result_error(message_id, refused.code, str(refused)))
            raise

    def close(self) -> None:
        """The socket is gone: who waits for an answer learns it."""
        self._closed = True
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(ConnectionLost(f"station {self._name} disconnected"))

    async def _enqueue(self, call: frames.Call) -> None:
        codes = self._dialect.codes
        if call.message_id in self._handling:
            # OCPP-J 1.6 §4.2.3; 2.x part 4, §4.2.3. Once it is answered, a repetition is a CALL like any other.
            await self._refuse(call.message_id, codes.malformed, "a CALL with this message id is being handled")
        elif self._inbound.full():
            await self._refuse(call.message_id, codes.generic, "too many CALLs at once; wait for an answer")
        else:
            self._handling.add(call.message_id)
            self._inbound.put_nowait(call)

    def _enqueue_send(self, send: frames.Send) -> None:
        if self._inbound.full():
            logger.warning("station %s: a SEND of %.50s is lost, too many at once", self._name, send.action)
        else:
            self._inbound.put_nowait(send)

    async def _call_now(self, action: str, payload: dict[str, Any]) -> tuple[str, Answer]:
        if self._closed:
            raise ConnectionLost(f"station {self._name} disconnected")
        message_id = str(uuid.uuid4())
        self._awaited = message_id, asyncio.get_running_loop().create_future()
        try:
            await self._send(frames.write_call(message_id, action, payload))
            return message_id, await self._awaited[1]
        finally:
            self._awaited = None

    def _resolve(self, answer: Answer) -> None:
        waits = self._awaited is not None and not self._awaited[1].done()
        if waits and self._awaited[0] == answer.message_id and not _of_another_kind(answer):
            self._awaited[1].set_result(answer)
        elif isinstance(answer, frames.Broken):
            logger.info("station %s: a broken answer: %s", self._name, answer.reason)
        else:
            logger.info("station %s: an answer that nobody waits for, id %.40s", self._name, answer.message_id)

    def _read_result(
        self, action: str, answer: frames.CallResult | frames.Broken, read: Callable[[dict[str, Any]], Meaning]
    ) -> Meaning:
        codes = self._dialect.codes
        if isinstance(answer, frames.Broken):
            raise CallRefused(codes.malformed, f"unusable result: {answer.reason}")
        try:
            check_response(self._dialect.schemas, action, answer.payload)
            return read(answer.payload)
        except InvalidPayload as invalid:
            raise CallRefused(self._code_of(invalid), f"unusable result: {invalid}") from invalid
        except (UnusablePayload, BadInput) as unusable:
            raise CallRefused(codes.property, f"unusable result: {unusable}") from unusable
        except Exception as error:
            logger.exception("station %s: the result of %s cannot be read", self._name, action)
            raise CallRefused(codes.internal, "the central system failed to read the result") from error

    async def _answer(self, call: frames.Call) -> None:
        try:
            reply = await self._handled(call)
        except CallFault as fault:
            self._handling.discard(call.message_id)
            await self._refuse(call.message_id, fault.code, str(fault))
            return
        except Exception:
            # Whatever went wrong here is not the station's fault: it hears so, and the socket stays.
            logger.exception("station %s: %s failed", self._name, call.action)
            self._handling.discard(call.message_id)
            await self._refuse(call.message_id, self._dialect.codes.internal, "the central system failed; try again")
            return
        self._handling.discard(call.message_id)
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
            raise CallFault(self._code_of(invalid), str(invalid)) from invalid
        return await self._handle(call.action, call.payload)

    async def _take(self, send: frames.Send) -> None:
        """Work on a SEND as on a CALL; its sender never hears of it (OCPP 2.1 part 4, §4.2.4)."""
        try:
            if send.action not in self._dialect.known_sends & self._dialect.station_messages.keys():
                logger.info("station %s: a SEND of %.50s, which is not taken here", self._name, send.action)
                return
            check_send(self._dialect.schemas, send.action, send.payload)
            await self._handle(send.action, send.payload)
        except (InvalidPayload, CallFault) as fault:
            logger.warning("station %s: an unusable SEND of %s: %s", self._name, send.action, fault)
        except Exception:
            logger.exception("station %s: %s failed", self._name, send.action)

    async def _answer_malformed(self, malformed: frames.Malformed) -> None:
        logger.info("station %s: malformed frame: %s", self._name, malformed.reason)
        code = self._dialect.codes.of_fault(malformed.fault)
        if code is not None:
            await self._refuse(malformed.message_id, code, malformed.reason)

    async def _refuse(self, message_id: str, code: str, description: str) -> None:
        await self._send(frames.write_error(message_id, code, description))

    def _code_of(self, invalid: InvalidPayload) -> str:
        return self._dialect.codes.of_rule(invalid.rule, whole=invalid.whole)


def _of_another_kind(answer: Answer) -> bool:
    """Whether a broken frame with the awaited id is no answer at all, but a SEND or a complaint about an answer."""
    return isinstance(answer, frames.Broken) and answer.message_type not in (frames.CALL_RESULT, frames.CALL_ERROR)


def _is_broken_error(answer: Answer) -> bool:
    return isinstance(answer, frames.Broken) and answer.message_type == frames.CALL_ERROR
