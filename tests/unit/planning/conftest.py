"""Hand-written fakes of the ports that planning needs, and small builders of sites, stations and sessions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from polling import until

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.domain.commands import (
    AnyCommand,
    ClearChargingProfile,
    CommandReply,
    CompositeSchedule,
    SchedulePeriod,
    SetChargingProfile,
)
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.grid import Restriction, RestrictionChange
from twinev.domain.plan import SentCommand, StoredPlan
from twinev.domain.session import ChargingSession
from twinev.domain.station_fault import StationFault
from twinev.domain.tariff import SeriesKind
from twinev.domain.users import Role, User
from twinev.domain.vehicles import ChargingNeeds
from twinev.errors import NotFound
from twinev.sct import Problem, Schedule
from twinev.sct.assemble import objective_eur, session_schedules, supply_point_schedule, tidy_energy
from twinev.sct.inputs import read_inputs
from twinev.sct.rule_based import plan_by_rule
from twinev.services.compare_profiles import schedule_end
from twinev.services.evse_limits import change_points
from twinev.services.site_state import SiteState

NOW = datetime(2026, 11, 23, 18, 4, 30, 250_000, tzinfo=UTC)
HERE = Location(latitude_degrees=52.0, longitude_degrees=4.4)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOW, *, speed: float = 1.0) -> None:
        self.instant = now
        self.speed = speed

    def now(self) -> datetime:
        return self.instant

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds / self.speed

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


def make_site(site_id: str = "site", **changes: Any) -> Site:
    values = {"id": site_id, "name": site_id, "location": HERE, "supply_max_kw": 30.0, "horizon_slots": 24} | changes
    return Site(**values)


def make_station(station_id: str, *, site_id: str = "site", max_kw: float = 11.0, **changes: Any) -> ChargingStation:
    values = {
        "id": station_id,
        "site_id": site_id,
        "name": station_id,
        "location": HERE,
        "evses": (Evse(id=1, max_kw=max_kw, status=ConnectorStatus.OCCUPIED),),
        "online": True,
        "last_seen": NOW,
    } | changes
    return ChargingStation(**values)


def make_session(station_id: str, *, site_id: str = "site", **changes: Any) -> ChargingSession:
    needs = {"energy_kwh": 10.0, "departure_at": NOW + timedelta(hours=3)} | changes.pop("needs", {})
    values = {
        "id": f"session-{station_id}",
        "site_id": site_id,
        "station_id": station_id,
        "evse_id": 1,
        "ocpp_transaction_id": f"tx-{station_id}",
        "id_token": "CARD",
        "started_at": NOW - timedelta(minutes=10),
        "needs": ChargingNeeds(**needs),
    } | changes
    return ChargingSession(**values)


def make_restriction(*station_ids: str, **changes: Any) -> Restriction:
    values = {
        "id": "restriction",
        "station_ids": station_ids,
        "limit_kw": 6.0,
        "start": NOW,
        "end": NOW + timedelta(hours=2),
        "created_by": "operator",
        "created_at": NOW,
    } | changes
    return Restriction(**values)


def make_state(**changes: Any) -> SiteState:
    site = changes.pop("site", make_site())
    stations = changes.pop("stations", (make_station("A"), make_station("B")))
    horizon = site.horizon_slots
    restrictions = changes.get("restrictions", ())
    values = {
        "site": site,
        "stations": stations,
        "sessions": (),
        "series": {SeriesKind.PRICE: (0.2,) * horizon},
        "evses_under": {r.id: len(r.station_ids) for r in restrictions},
        "now": NOW,
    } | changes
    return SiteState(**values)


def make_user(*roles: Role) -> User:
    return User(id="u", username="someone", roles=frozenset(roles))


def solve(problem: Problem, formulation: str = "cpo") -> Schedule:
    """A verified plan without a solver: least laxity first."""
    inputs = read_inputs(problem, formulation)
    energy_kwh = tidy_energy(plan_by_rule(inputs), inputs)
    supply_point = supply_point_schedule(inputs, energy_kwh)
    return Schedule(
        scenario_sha256=problem.sha256,
        formulation=formulation,
        profile=None,
        tie_break=problem.tie_break,
        status="feasible",
        objective=objective_eur(inputs, energy_kwh, supply_point),
        bound=None,
        gap=None,
        solver="none",
        method="rule-based",
        solve_seconds=0.0,
        sessions=session_schedules(problem, inputs, energy_kwh),
        supply_point=supply_point,
    )


class FakePlanner:
    """Plans by rule; may be held back, fail, or do something while it plans."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.errors: list[Exception] = []
        self.meanwhile: Callable[[], None] | None = None

    async def plan(self, problem: Problem, *, formulation: str = "cpo", **_: Any) -> Schedule:
        self.problems.append(problem)
        if self.errors:
            raise self.errors.pop(0)
        if self.meanwhile is not None:
            self.meanwhile()
        await asyncio.sleep(0)
        return solve(problem, formulation)


@dataclass
class FakeStations:
    """Stations that accept profiles and report them; ``outcomes`` scripts what a station answers next."""

    clock: FakeClock
    outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, str] = field(default_factory=dict)
    reported_kw: dict[str, float] = field(default_factory=dict)
    own_limit_kw: dict[str, float] = field(default_factory=dict)
    room: dict[str, int] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    log: list[tuple[str, AnyCommand]] = field(default_factory=list)
    installed: dict[tuple[str, int, ProfilePurpose], ChargingProfile] = field(default_factory=dict)
    outstanding: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most_outstanding: int = 0

    async def send(self, station_id: str, command: AnyCommand, *, timeout_seconds: float = 30.0) -> CommandReply:
        self.log.append((station_id, command))
        self.outstanding[station_id] += 1
        self.most_outstanding = max(self.most_outstanding, self.outstanding[station_id])
        try:
            if station_id in self.gates:
                await self.gates[station_id].wait()
            await asyncio.sleep(0)
            return self._answer(station_id, command)
        finally:
            self.outstanding[station_id] -= 1

    def sent(self, purpose: ProfilePurpose | None = None) -> list[tuple[str, ChargingProfile]]:
        return [
            (station_id, command.profile)
            for station_id, command in self.log
            if isinstance(command, SetChargingProfile) and purpose in (None, command.profile.purpose)
        ]

    def _answer(self, station_id: str, command: AnyCommand) -> CommandReply:
        if isinstance(command, SetChargingProfile):
            place = (station_id, command.profile.evse_id, command.profile.purpose)
            kept = {key for key in self.installed if key[0] == station_id} | {place}
            if len(kept) > self.room.get(station_id, len(kept)):
                response = {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyProfiles"}}
                return CommandReply(command_id="c", outcome="rejected", status="Rejected", response=response)
            outcome = self._next_outcome(station_id)
            if outcome == "accepted":
                self.installed[station_id, command.profile.evse_id, command.profile.purpose] = command.profile
            return CommandReply(command_id="c", outcome=outcome, sent=command.profile)
        if isinstance(command, ClearChargingProfile):
            gone = [key for key in self.installed if key[0] == station_id and key[2] == command.purpose]
            for key in gone:
                del self.installed[key]
            self.reported_kw.pop(station_id, None)
            return CommandReply(command_id="c", outcome="accepted" if gone else "rejected")
        composite = self._composite(station_id, command.evse_id, command.duration_seconds)
        return CommandReply(command_id="c", outcome="accepted", composite=composite)

    def _next_outcome(self, station_id: str) -> Any:
        if self.outcomes[station_id]:
            return self.outcomes[station_id].pop(0)
        return self.always.get(station_id, "accepted")

    def _composite(self, station_id: str, evse_id: int, seconds: int) -> CompositeSchedule:
        start = self.clock.now().replace(microsecond=0)
        end = start + timedelta(seconds=seconds)
        profiles = [
            self.installed[key]
            for purpose in (ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT)
            if (key := (station_id, evse_id, purpose)) in self.installed
        ]
        periods = []
        for instant in change_points([profile.schedule for profile in profiles], start, end):
            limits = [kw for p in profiles if (kw := p.schedule.limit_kw_at(instant)) is not None]
            ruling_kw = min(limits[0] if limits else 99.0, self.own_limit_kw.get(station_id, 99.0))
            limit_kw = self.reported_kw.get(station_id, ruling_kw)
            periods.append(SchedulePeriod(start_seconds=int((instant - start).total_seconds()), limit_kw=limit_kw))
        return CompositeSchedule(evse_id=evse_id, start=start, duration_seconds=seconds, periods=tuple(periods))


@dataclass
class Memory:
    """The tables of the fake database."""

    sites: dict[str, Site] = field(default_factory=dict)
    stations: dict[str, ChargingStation] = field(default_factory=dict)
    sessions: dict[str, ChargingSession] = field(default_factory=dict)
    plans: list[StoredPlan] = field(default_factory=list)
    commands: dict[str, SentCommand] = field(default_factory=dict)
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    restriction_changes: list[RestrictionChange] = field(default_factory=list)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    abilities: dict[str, ChargingAbilities] = field(default_factory=dict)
    external_limits: list[ExternalLimit] = field(default_factory=list)
    faults: dict[str, StationFault] = field(default_factory=dict)
    price_eur_per_kwh: float | None = 0.2
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, *things: Any) -> None:
        tables = {
            Site: self.sites,
            ChargingStation: self.stations,
            ChargingSession: self.sessions,
            Restriction: self.restrictions,
        }
        for thing in things:
            tables[type(thing)][thing.id] = thing

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        return [data for known, data in self.events if known == kind]

    def go_offline(self, station_id: str, *, online: bool = False) -> None:
        self.stations[station_id] = replace(self.stations[station_id], online=online)

    def unit_of_work(self) -> FakeWork:
        return FakeWork(self)


def _get(table: dict[str, Any], what: str) -> Callable[[str], Any]:
    def get(identifier: str) -> Any:
        if identifier not in table:
            raise NotFound(what, identifier)
        return table[identifier]

    return get


class FakeWork:
    """Reads the memory at once; writes it at `commit`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._writes: list[Callable[[], None]] = []
        later = self._later
        self.sites = SimpleNamespace(get=_get(memory.sites, "site"), list=lambda: list(memory.sites.values()))
        self.stations = SimpleNamespace(
            get=_get(memory.stations, "station"),
            named=lambda ids: {name: _get(memory.stations, "station")(name) for name in ids},
            list=lambda site_id=None: [s for s in memory.stations.values() if site_id in (None, s.site_id)],
        )
        self.sessions = SimpleNamespace(active=self._active)
        self.plans = SimpleNamespace(add=lambda plan: later(lambda: memory.plans.append(plan)))
        self.commands = SimpleNamespace(
            save=lambda command: later(lambda: memory.commands.__setitem__(command.id, command)),
            list=self._commands,
        )
        self.restrictions = SimpleNamespace(
            get=_get(memory.restrictions, "restriction"),
            get_to_edit=_get(memory.restrictions, "restriction"),
            note=lambda change: later(lambda: memory.restriction_changes.append(change)),
            save=lambda one: later(lambda: memory.restrictions.__setitem__(one.id, one)),
            open=self._open,
            state=memory.states.get,
            record_state=lambda one, state: later(lambda: memory.states.__setitem__(one, state)),
        )
        self.series = SimpleNamespace(values=self._values)
        self.abilities = SimpleNamespace(of=lambda ids: {i: memory.abilities[i] for i in ids if i in memory.abilities})
        self.external_limits = SimpleNamespace(of=self._external_limits)
        self.station_faults = SimpleNamespace(
            all=lambda: dict(memory.faults),
            get=memory.faults.get,
            # Written at once: what one unit of work wrote it reads again.
            save=lambda fault: memory.faults.__setitem__(fault.station_id, fault),
            remove=lambda station_id: memory.faults.pop(station_id, None),
        )
        self.events = SimpleNamespace(add=lambda kind, data: later(lambda: memory.events.append((kind, data))))

    def __enter__(self) -> FakeWork:
        return self

    def __exit__(self, *_: object) -> None:
        self._writes.clear()

    def commit(self) -> None:
        for write in self._writes:
            write()
        self._writes.clear()

    def _later(self, write: Callable[[], None]) -> None:
        self._writes.append(write)

    def _external_limits(self, station_ids: Any) -> list[ExternalLimit]:
        chosen = set(station_ids)
        return [limit for limit in self._memory.external_limits if limit.station_id in chosen]

    def _active(self, *, site_id: str | None = None) -> list[ChargingSession]:
        return [s for s in list(self._memory.sessions.values()) if s.active and site_id in (None, s.site_id)]

    def _open(self, now: datetime, *, station_ids: Any = None) -> list[Restriction]:
        chosen = None if station_ids is None else set(station_ids)
        return [
            r
            for r in self._memory.restrictions.values()
            if r.revoked_at is None and r.end > now and (chosen is None or chosen & set(r.station_ids))
        ]

    def _commands(
        self, *, limit: int, before: str | None = None, station_id: str | None = None, actions: Any = None
    ) -> list[SentCommand]:
        known = [c for c in self._memory.commands.values() if station_id in (None, c.station_id)]
        known = [c for c in known if actions is None or c.action in actions]
        return sorted(known, key=lambda command: command.sent_at, reverse=True)[:limit]

    def _values(self, kind: SeriesKind, _subject: str, _start: datetime, *, step_minutes: float, count: int) -> list:
        value = self._memory.price_eur_per_kwh if kind is SeriesKind.PRICE else None
        return [value] * count


class FakeFeed:
    """An event feed that a test speaks into."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        while True:
            yield await self.queue.get()


def effective_kw(stations: FakeStations, station_id: str, instant: datetime) -> float | None:
    """What a fake station applies at ``instant``: its TxProfile, else its TxDefaultProfile."""
    for purpose in (ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT):
        profile = stations.installed.get((station_id, 1, purpose))
        if profile is not None and (kw := profile.schedule.limit_kw_at(instant)) is not None:
            return kw
    return None


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    return SimpleNamespace(
        NOW=NOW,
        clock=FakeClock,
        site=make_site,
        station=make_station,
        session=make_session,
        restriction=make_restriction,
        state=make_state,
        user=make_user,
        solve=solve,
        planner=FakePlanner,
        stations=FakeStations,
        memory=Memory,
        feed=FakeFeed,
        until=until,
        effective_kw=effective_kw,
        schedule_end=schedule_end,
    )


@pytest.fixture
def memory(make: SimpleNamespace) -> Memory:
    """A site of three stations, each with an EV."""
    memory = make.memory()
    memory.add(make.site())
    for name in ("A", "B", "C"):
        memory.add(make.station(name), make.session(name))
    return memory
