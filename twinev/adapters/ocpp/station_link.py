"""One connected station: turns its CALLs into facts and questions, and the platform's commands into CALLs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson

from twinev.adapters.ocpp.boot_gate import BootGate, Registration
from twinev.adapters.ocpp.dialect import Dialect
from twinev.adapters.ocpp.faults import CallFault, CallRefused, CallTimedOut, ConnectionLost
from twinev.adapters.ocpp.mapping.abilities import Abilities
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import (
    AnswerNow,
    AskAuthorize,
    AskBoot,
    StationCall,
    Step,
    Tell,
    TellAndAsk,
    UnusablePayload,
)
from twinev.adapters.ocpp.ports import Boots, Clock, Desk, Facts
from twinev.adapters.ocpp.repetitions import Repetitions
from twinev.adapters.ocpp.rpc import Reply, Rpc
from twinev.adapters.ocpp.schemas import InvalidPayload, check_request
from twinev.domain.commands import (
    AnyCommand,
    CommandMessage,
    CommandReply,
    GetCompositeSchedule,
    RequestStartTransaction,
    SetChargingProfile,
)
from twinev.domain.facts import AnyFact, BootAnswer, ChargingAbilitiesReported, StationFact, StationReported
from twinev.errors import BadInput, Unavailable

logger = logging.getLogger(__name__)

ABILITIES = "ChargingAbilities"
# While the API is away a station asks again soon, so that it is back within seconds of the API.
PENDING_SECONDS = 10
ABILITIES_SECONDS = 15.0
_NEEDING_ABILITIES = (SetChargingProfile, GetCompositeSchedule, RequestStartTransaction)
_UNSUPPORTED = ("NotImplemented", "NotSupported")
Meaning = TypeVar("Meaning")


class StationLink:
    """What the gateway does for one station over one socket.

    Parameters
    ----------
    station : Station
        Who it is.
    dialect : Dialect
        What it speaks.
    repetitions : Repetitions
        Knows which messages are repetitions; shared by all sockets.
    send : callable
        Puts a text frame on its socket.
    registration : Registration
        How the station's last boot was answered; accepted where it is not known.
    boots : Boots
        Keeps how its next ones are answered.
    decision_seconds : float
        How long the API may take to decide. [s]
    """

    def __init__(
        self,
        *,
        station: Station,
        dialect: Dialect,
        clock: Clock,
        desk: Desk,
        facts: Facts,
        repetitions: Repetitions,
        send: Callable[[str], Any],
        registration: Registration,
        boots: Boots,
        decision_seconds: float,
    ) -> None:
        self._station = station
        self._dialect = dialect
        self._clock = clock
        self._desk = desk
        self._facts = facts
        self._repetitions = repetitions
        self._gate = BootGate(registration)
        self._boots = boots
        self._decision_seconds = decision_seconds
        self._abilities: Abilities | None = None
        self._asking_abilities = asyncio.Lock()
        self._background: set[asyncio.Task[Any]] = set()
        self.rpc = Rpc(dialect=dialect, send=send, handle=self.answer, name=station.station_id)

    async def answer(self, action: str, payload: dict[str, Any]) -> Reply:
        """Answer one valid CALL of the station; raises `CallFault` to refuse it."""
        if not self._gate.lets_in(action):
            # OCPP 2.0.1 B01.FR.10, B02.FR.09, B03.FR.07; 1.6 ed. 2 §4.2 forbids the station to send it.
            raise CallFault(self._dialect.codes.security, "the boot of this station is not accepted yet")
        try:
            step = self._dialect.station_messages[action](self._station, payload, self._clock.now())
            return await self._take(action, payload, self._repetitions.settle(self._station.station_id, step))
        except (UnusablePayload, BadInput) as unusable:
            raise CallFault(self._dialect.codes.property, str(unusable)) from unusable
        except Unavailable as error:
            logger.warning("station %s: %s is not answered: %s", self._station.station_id, action, error)
            raise CallFault(self._dialect.codes.internal, "the central system is not available; try again") from error

    async def tell(self, action: str, fact: AnyFact, key: tuple[Any, ...], payload: dict[str, Any]) -> None:
        """Publish a fact about the station, durably."""
        await self._facts.publish(self._station_fact(action, fact, key, payload))

    async def obey(self, message: CommandMessage) -> CommandReply:
        """Carry out a command; whatever happens is in the reply."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            reply = await self._obey(message, deadline=began + message.timeout_seconds)
        except CallRefused as refused:
            outcome = "not_supported" if refused.code in _UNSUPPORTED else "call_error"
            reply = CommandReply(
                command_id=message.command_id, outcome=outcome, status=refused.code, detail=str(refused)
            )
        except (BadInput, UnusablePayload) as unusable:
            reply = CommandReply(command_id=message.command_id, outcome="call_error", detail=str(unusable))
        except CallTimedOut as silent:
            reply = CommandReply(command_id=message.command_id, outcome="timeout", detail=str(silent))
        except ConnectionLost as lost:
            reply = CommandReply(command_id=message.command_id, outcome="offline", detail=str(lost))
        return reply

    def close(self) -> None:
        """The socket is gone."""
        self.rpc.close()
        for task in tuple(self._background):
            task.cancel()

    async def _obey(self, message: CommandMessage, *, deadline: float) -> CommandReply:
        loop = asyncio.get_running_loop()
        abilities = Abilities()
        if isinstance(message.command, _NEEDING_ABILITIES):
            abilities = await self._known_abilities(deadline - loop.time())
        call = self._dialect.call_of(message.command, self._station, abilities)
        self._require_sayable(message.command, call)
        # Not the loop's time, which moves in steps of a millisecond: a station nearby answers within one.
        sent_at = time.perf_counter()
        result, response = await self._call(
            call.action,
            call.payload,
            timeout_seconds=max(0.0, deadline - loop.time()),
            read=lambda response: (self._dialect.outcome_of(message.command, response, self._station), response),
        )
        return CommandReply(
            command_id=message.command_id,
            outcome=result.outcome,
            status=result.status,
            detail=result.detail,
            round_trip_ms=(time.perf_counter() - sent_at) * 1000,
            sent=call.sent,
            composite=result.composite,
            response=response if result.response is None else result.response,
        )

    def _require_sayable(self, command: AnyCommand, call: StationCall) -> None:
        try:
            check_request(self._dialect.schemas, call.action, call.payload)
        except InvalidPayload as invalid:
            allowed = f"what its schema in {self._station.protocol} takes: {invalid}"
            raise BadInput(command.action, call.action, allowed) from invalid

    async def _take(self, action: str, payload: dict[str, Any], step: Step) -> Reply:
        match step:
            case AnswerNow(payload=answer):
                return Reply(payload=answer)
            case AskBoot():
                return await self._boot(step)
            case AskAuthorize(question=question, answer=answer_of):
                return Reply(payload=answer_of(await self._desk.authorize(question)))
            case Tell(fact=fact, key=key, payload=answer):
                await self.tell(action, fact, key, payload)
                return Reply(payload=answer)
            case TellAndAsk(fact=fact, key=key, answer=answer_of):
                told = self._station_fact(action, fact, key, payload)
                decision = await self._facts.publish_and_wait(told, timeout_seconds=self._decision_seconds)
                return Reply(payload=answer_of(decision))

    async def _boot(self, step: AskBoot) -> Reply:
        try:
            verdict = await self._desk.boot(step.question)
            await self._note(Registration(verdict.status))
        except Unavailable as error:
            logger.warning("station %s boots while the API is away: %s", self._station.station_id, error)
            verdict = BootAnswer(status="Pending", interval_seconds=PENDING_SECONDS, current_time=self._clock.now())
            # Without NATS this gateway alone knows of it, until the station boots again.
            with contextlib.suppress(Unavailable):
                await self._note(Registration.PENDING)
        self._gate.decide(Registration(verdict.status))
        self._abilities = None  # A boot may follow new firmware.
        return Reply(payload=step.answer(verdict), afterwards=self._learn_abilities if self._gate.accepted else None)

    async def _note(self, registration: Registration) -> None:
        if registration is not self._gate.registration:
            await self._boots.note(self._station.station_id, registration)

    async def _call(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        timeout_seconds: float,
        read: Callable[[dict[str, Any]], Meaning],
    ) -> Meaning:
        if not self._gate.lets_out(action):
            raise CallRefused(self._dialect.codes.security, "not sent: the boot of this station is not accepted")
        self._gate.note_sent(action, payload)
        return await self.rpc.call(action, payload, timeout_seconds=timeout_seconds, read=read)

    def _learn_abilities(self) -> None:
        self._in_background(self._known_abilities(ABILITIES_SECONDS))

    def _in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _tell_abilities(self, abilities: Abilities, response: dict[str, Any]) -> None:
        """Let planning know: how many profiles the station keeps, and where it discharges."""
        now = self._clock.now()
        fact = ChargingAbilitiesReported(
            timestamp=now,
            max_profiles=abilities.max_profiles,
            max_periods=abilities.max_periods,
            max_stack_level=abilities.max_stack_level,
            discharging_evses=tuple(sorted(abilities.discharging_evses)),
        )
        try:
            await self.tell(ABILITIES, fact, (now.isoformat(),), response)
        except Unavailable as error:
            # Told again after the next boot or reconnection; until then planning keeps what it knew.
            logger.warning("station %s: its abilities are not passed on: %s", self._station.station_id, error)

    async def _known_abilities(self, timeout_seconds: float) -> Abilities:
        async with self._asking_abilities:
            if self._abilities is not None:
                return self._abilities
            action, payload = self._dialect.abilities_call(self._station)
            seconds = min(max(0.0, timeout_seconds), ABILITIES_SECONDS)
            try:
                self._abilities, response = await self._call(
                    action,
                    payload,
                    timeout_seconds=seconds,
                    read=lambda response: (self._dialect.read_abilities(response, self._station), response),
                )
                self._in_background(self._tell_abilities(self._abilities, response))
            except CallRefused as refused:
                logger.info("station %s does not tell its abilities: %s", self._station.station_id, refused)
                self._abilities = Abilities()
            except (CallTimedOut, ConnectionLost) as silent:
                # Asked again before the next command.
                logger.info("station %s does not tell its abilities: %s", self._station.station_id, silent)
                return Abilities()
            return self._abilities

    def _station_fact(self, action: str, fact: AnyFact, key: tuple[Any, ...], payload: dict[str, Any]) -> StationFact:
        parts = (action, self._station.station_id, *key)
        return StationFact(
            station_id=self._station.station_id,
            protocol=self._station.protocol,
            action=action,
            # A JSON array: no part can run into the next, whatever characters a station puts there.
            key=orjson.dumps(parts).decode(),
            received_at=self._clock.now(),
            fact=fact,
            # A report's content is its message already, and may be large.
            payload={} if isinstance(fact, StationReported) else payload,
        )
