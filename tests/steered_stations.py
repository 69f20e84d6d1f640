"""The platform's steering over the gateway's bench, and stations that keep profiles and report what these come to.

The stations speak raw frames and know nothing of the platform's code: what they were told is read off the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.commands import CommandReply
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds
from twinev.services.desired_profile import DesiredProfile
from twinev.services.dispatch_plan import PlanDispatcher, WantedState
from twinev.services.evse_limits import EvseKey
from twinev.services.fit_room import fit_room
from twinev.services.own_limits import believed_limits
from twinev.services.record_facts import record_facts
from twinev.services.record_faults import RecordFaults
from twinev.services.site_state import SiteState, read_site_state
from twinev.services.told_limits import ToldLimits
from twinev.services.translate_plan import fallback_profiles, station_max_profiles, tx_profile
from twinev.services.watch_meters import WatchMeters

NOW = datetime(2026, 11, 22, 18, 0, 5, tzinfo=UTC)
HERE = Location(latitude_degrees=52.0, longitude_degrees=4.4)
WAIT_SECONDS = 20.0
STATION_MAX = {"ocpp1.6": "ChargePointMaxProfile"}
UNIT_KEY = {"ocpp1.6": "ChargingScheduleAllowedChargingRateUnit"}


@dataclass(frozen=True)
class Told:
    """A SetChargingProfile as it came over the wire, in one form for all versions."""

    purpose: str
    evse_id: int
    id: int
    stack_level: int
    kind: str
    transaction: str | None
    start: datetime
    duration_seconds: int | None
    unit: str
    periods: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Told:
        profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
        schedule = profile["chargingSchedule"]
        schedule = schedule[0] if isinstance(schedule, list) else schedule
        transaction = profile.get("transactionId")
        return cls(
            purpose=profile["chargingProfilePurpose"],
            evse_id=payload.get("connectorId", payload.get("evseId")),
            id=profile.get("chargingProfileId", profile.get("id")),
            stack_level=profile["stackLevel"],
            kind=profile["chargingProfileKind"],
            transaction=None if transaction is None else str(transaction),
            start=datetime.fromisoformat(schedule["startSchedule"]),
            duration_seconds=schedule.get("duration"),
            unit=schedule["chargingRateUnit"],
            periods=tuple(schedule["chargingSchedulePeriod"]),
        )

    def limit_at(self, instant: datetime) -> float | None:
        """The limit on the wire, W or A, or where one is told the setpoint."""
        elapsed = (instant - self.start).total_seconds()
        if elapsed < 0 or (self.duration_seconds is not None and elapsed >= self.duration_seconds):
            return None
        period = [one for one in self.periods if one["startPeriod"] <= elapsed][-1]
        return period.get("setpoint", period.get("limit"))

    @property
    def edges(self) -> list[datetime]:
        ends = [self.duration_seconds] if self.duration_seconds is not None else []
        seconds = [period["startPeriod"] for period in self.periods] + ends
        return [self.start + timedelta(seconds=second) for second in seconds]


class SteeredStation:
    """Takes profiles and reports their composite; ``answers`` scripts what it says instead, by action.

    A scripted answer is the result's payload, an error's code, or None for silence.
    """

    def __init__(self, raw: Any, protocol: str, clock: SteeringClock) -> None:
        self.raw = raw
        self.protocol = protocol
        self.clock = clock
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.installed: dict[tuple[int, str], Told] = {}
        self.answers: dict[str, list[Any]] = defaultdict(list)
        self.always: dict[str, Any] = {}
        self.refuses: Callable[[Told], Any] = lambda told: None
        self.reports: float | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.heard = asyncio.Condition()
        self._asked: dict[str, asyncio.Future[list[Any]]] = {}
        self._numbers = iter(range(1, 10_000))

    def told(self, purpose: str | None = None) -> list[Told]:
        """The profiles that it was sent, in their order."""
        sent = [Told.read(payload) for action, payload in self.calls if action == "SetChargingProfile"]
        return [told for told in sent if purpose in (None, told.purpose)]

    def actions(self, action: str) -> list[dict[str, Any]]:
        return [payload for said, payload in self.calls if said == action]

    def limit_now(self, evse_id: int = 1) -> float | None:
        """What it applies now: the minimum of its maximum and its TxProfile, else TxDefaultProfile."""
        return self._limit_at(evse_id, self.clock.now())

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until what it heard fulfils a condition."""
        async with asyncio.timeout(WAIT_SECONDS), self.heard:
            await self.heard.wait_for(condition)

    async def ask(self, action: str, payload: dict[str, Any]) -> list[Any]:
        """Send a CALL; return the frame that answers it."""
        message_id = f"q{next(self._numbers)}"
        self._asked[message_id] = answered = asyncio.get_running_loop().create_future()
        await self.raw.send([2, message_id, action, payload])
        async with asyncio.timeout(WAIT_SECONDS):
            return await answered

    async def obey(self) -> None:
        """Answer what comes, for ever."""
        while True:
            frame = json.loads(await self.raw.socket.recv())
            if frame[0] != 2:
                self._asked.pop(frame[1]).set_result(frame)
                continue
            _, message_id, action, payload = frame
            async with self.heard:
                self.calls.append((action, payload))
                self.heard.notify_all()
            await self.gate.wait()
            answer = self._answer(action, payload)
            if isinstance(answer, str):
                await self.raw.send([4, message_id, answer, "", {}])
            elif answer is not None:
                await self.raw.send([3, message_id, answer])

    def _answer(self, action: str, payload: dict[str, Any]) -> Any:
        if self.answers[action]:
            return self.answers[action].pop(0)
        if action in self.always:
            return self.always[action]
        if action == "SetChargingProfile":
            told = Told.read(payload)
            refusal = self.refuses(told)
            if refusal is not None:
                return refusal
            self.installed[told.evse_id, told.purpose] = told
            return {"status": "Accepted"}
        if action == "ClearChargingProfile":
            purpose = (
                payload.get("chargingProfilePurpose") or payload["chargingProfileCriteria"]["chargingProfilePurpose"]
            )
            gone = [place for place in self.installed if place[1] == purpose]
            for place in gone:
                del self.installed[place]
            self.reports = None
            return {"status": "Accepted" if gone else "Unknown"}
        assert action == "GetCompositeSchedule", action
        return self._composite(payload)

    def _composite(self, payload: dict[str, Any]) -> dict[str, Any]:
        evse_id = payload.get("connectorId", payload.get("evseId"))
        start = self.clock.now().replace(microsecond=0)
        end = start + timedelta(seconds=payload["duration"])
        edges = {start} | {edge for told in self.installed.values() for edge in told.edges if start < edge < end}
        limits = [
            (edge, self._limit_at(evse_id, edge) if self.reports is None else self.reports) for edge in sorted(edges)
        ]
        schedule = {
            "duration": payload["duration"],
            "chargingRateUnit": payload["chargingRateUnit"],
            "chargingSchedulePeriod": [
                {"startPeriod": round((edge - start).total_seconds()), "limit": 99_000 if limit is None else limit}
                for edge, limit in limits
            ],
        }
        instant = start.isoformat().replace("+00:00", "Z")
        if self.protocol == "ocpp1.6":
            head = {"status": "Accepted", "connectorId": evse_id, "scheduleStart": instant}
            return head | {"chargingSchedule": schedule}
        return {"status": "Accepted", "schedule": schedule | {"evseId": evse_id, "scheduleStart": instant}}

    def _limit_at(self, evse_id: int, instant: datetime) -> float | None:
        most = self.installed.get((0, STATION_MAX.get(self.protocol, "ChargingStationMaxProfile")))
        places = [(evse_id, "TxProfile"), (evse_id, "TxDefaultProfile"), (0, "TxDefaultProfile")]
        own = [self.installed[place].limit_at(instant) for place in places if place in self.installed]
        limits = [next((limit for limit in own if limit is not None), None), most.limit_at(instant) if most else None]
        return min((limit for limit in limits if limit is not None), default=None)


class SteeringClock:
    """Stands still until it is moved; waits are as long as they are."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


class Steering:
    """Planning's hands: a site with its stations in a real database, and the dispatcher over the gateway's bench.

    ``url`` is that of a database whose schema is up to date.
    """

    def __init__(self, bench: Any, url: str) -> None:
        self.bench = bench
        self.clock = SteeringClock()
        self.database = Database(engine=open_engine(url), clock=self.clock)
        storage = {"unit_of_work": self.database.unit_of_work, "reading": self.database.reading}
        self.recorder = RecordFaults(**storage)
        self.told = ToldLimits(on_fault=self.recorder.note)
        self.dispatcher = PlanDispatcher(
            commands=self,
            unit_of_work=self.database.unit_of_work,
            clock=self.clock,
            told=self.told,
            command_timeout_seconds=5.0,
            retry_seconds=(0.02, 0.05),
        )
        self.meters = WatchMeters(reading=self.database.reading, clock=self.clock, told=self.told)
        self.command_seconds = 5.0
        self._heard = 0
        self._tasks: set[asyncio.Task[None]] = set()
        site = Site(id="site", name="site", location=HERE, supply_max_kw=30.0, fallback_kw=4.0, horizon_slots=24)
        with self.database.unit_of_work() as work:
            work.sites.save(site)
            work.commit()

    async def send(self, station_id: str, command: Any, *, timeout_seconds: float = 5.0) -> CommandReply:
        """`twinev.services.ports.StationCommands`: no inbox means no socket."""
        if station_id not in self.bench.commands.inboxes:
            return CommandReply(command_id="none", outcome="offline")
        seconds = min(timeout_seconds, self.command_seconds)
        return await self.bench.commands.send(station_id, command, timeout_seconds=seconds)

    def add_station(self, station_id: str = "CP1", *, evses: int = 1, max_kw: float = 11.0) -> None:
        station = ChargingStation(
            id=station_id,
            site_id="site",
            name=station_id,
            location=HERE,
            evses=tuple(Evse(id=number, max_kw=max_kw) for number in range(1, evses + 1)),
        )
        with self.database.unit_of_work() as work:
            work.stations.save(station)
            work.commit()

    def plug_in(self, station_id: str = "CP1", evse_id: int = 1, *, transaction: str = "42", **needs: Any) -> None:
        session = ChargingSession(
            id=f"{station_id}-{evse_id}",
            site_id="site",
            station_id=station_id,
            evse_id=evse_id,
            ocpp_transaction_id=transaction,
            id_token="CARD",
            started_at=NOW - timedelta(minutes=10),
            needs=ChargingNeeds(energy_kwh=20.0, departure_at=NOW + timedelta(hours=3), **needs),
        )
        self.save(session)

    def save(self, *things: Any) -> None:
        """Put sessions and restrictions into the database."""
        with self.database.unit_of_work() as work:
            for thing in things:
                (work.sessions if isinstance(thing, ChargingSession) else work.restrictions).save(thing)
            work.commit()

    def session(self, station_id: str = "CP1", evse_id: int = 1) -> ChargingSession:
        with self.database.reading() as work:
            return work.sessions.active_at(station_id, evse_id)

    def meter_shows(self, power_kw: float) -> None:
        """Let the meter of CP1's session say so now."""
        self.save(replace(self.session(), power_kw=power_kw, measured_at=self.clock.now()))

    def hear(self) -> None:
        """Take in the facts that the gateway has published since."""
        facts, self._heard = self.bench.facts.published[self._heard :], len(self.bench.facts.published)
        with self.database.unit_of_work() as work:
            record_facts(facts, work=work)
            work.commit()

    def state(self) -> SiteState:
        self.hear()
        with self.database.reading() as work:
            state = read_site_state(
                work,
                "site",
                self.clock.now(),
                limits=dict(self.told.limits),
                unresponsive=frozenset(self.told.faults),
                learned_room=dict(self.told.room),
            )
        own = believed_limits(self.told.reported_less, state.sessions, self.clock.now())
        return replace(state, external_limits=(*state.external_limits, *own))

    def wanted(self, powers_kw: Mapping[EvseKey, float]) -> WantedState:
        """Each session at a constant power for two hours, beside fallbacks and maxima."""
        state = self.state()
        hours = state.horizon.slot_hours
        plans = [
            DesiredProfile(
                key=key,
                profile=tx_profile(state.session_at(key), [kw * hour for hour in hours], state.horizon, last_slot=7),
                ceiling_kw=11.0,
            )
            for key, kw in powers_kw.items()
        ]
        everything = [*fallback_profiles(state), *plans, *station_max_profiles(state)]
        return WantedState(
            site_id="site",
            plan_id="plan",
            slot=timedelta(minutes=15),
            profiles=tuple(fit_room(everything, state.room)),
            transactions={(s.station_id, s.evse_id): s.ocpp_transaction_id for s in state.sessions},
            online=frozenset(station.id for station in state.stations if station.online),
        )

    async def settle(self, powers_kw: Mapping[EvseKey, float] | None = None) -> None:
        """Want these powers, and wait until all is told, accepted and read back."""
        self.dispatcher.want(self.wanted(powers_kw or {}))
        async with asyncio.timeout(WAIT_SECONDS):
            await self.dispatcher.idle()
            await self.recorder.settled()

    def fault(self, station_id: str = "CP1") -> Any:
        with self.database.reading() as work:
            return work.station_faults.get(station_id)

    def alerts(self, station_id: str = "CP1") -> list[str]:
        """The events that tell of the station's following, in their order."""
        with self.database.reading() as work:
            events = work.outbox.pending(1000)
        told = ("station.not_following", "station.following")
        return [event.kind for event in events if event.kind in told and event.data["station_id"] == station_id]

    def commands(self, action: str) -> list[Any]:
        """The record of the commands, oldest first."""
        with self.database.reading() as work:
            return [one for one in reversed(work.commands.list(limit=500)) if one.action == action]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Steering]:
        recording = asyncio.create_task(self.recorder.run())
        try:
            async with self.bench.running():
                yield self
        finally:
            await self.dispatcher.close()
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
            self.database.close()

    @contextlib.asynccontextmanager
    async def station(
        self, protocol: str, station_id: str = "CP1", *, abilities: dict[str, str] | None = None
    ) -> AsyncIterator[SteeredStation]:
        """A station that has booted, told what it can do, and obeys from now on."""
        connected = len(self.bench.facts.connections)
        told_before = len(self.bench.facts.of("ChargingAbilitiesReported"))
        async with self.bench.station(f"/ocpp/{station_id}", protocols=(protocol,)) as raw:
            await self.bench.facts.wait_for("ConnectionChanged", connected + 1)
            await raw.boot(protocol, abilities)
            await self.bench.facts.wait_for("ChargingAbilitiesReported", told_before + 1)
            station = SteeredStation(raw, protocol, self.clock)
            obeying = asyncio.create_task(station.obey())
            try:
                yield station
            finally:
                obeying.cancel()
                outcome = (await asyncio.gather(obeying, return_exceptions=True))[0]
                assert isinstance(outcome, asyncio.CancelledError), outcome


def only(things: Iterable[Any]) -> Any:
    """The one thing that there is."""
    (thing,) = things
    return thing
