"""What the use cases need from outside, as Protocols. Adapters implement them, `twinev.wiring` joins them.

The database is a synchronous unit of work: ``with unit_of_work() as work: …; work.commit()``. What leaves it without
``commit`` is rolled back. An event added to ``work.events`` is published if, and only if, the commit succeeds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from twinev.domain.announcement import Announcement
from twinev.domain.charge_points import ChargingState, ChargingStation, ConnectorStatus, Evse, Site
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.commands import AnyCommand, CommandReply
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.facts import Decision, Sample, StationFact, StationReported
from twinev.domain.grid import Restriction
from twinev.domain.plan import SentCommand, StoredPlan
from twinev.domain.session import ChargingSession
from twinev.domain.station_fault import StationFault
from twinev.domain.station_report import StationReport
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.vehicles import ChargingNeeds
from twinev.sct import Problem, Schedule


class Clock(Protocol):
    """Tells the time of the platform, which runs faster than the wall's in an accelerated demonstration."""

    def now(self) -> datetime:
        """Now, aware UTC."""

    def wall_seconds(self, platform_seconds: float) -> float:
        """How long to wait in real seconds for so many seconds of the platform's time."""


class Planner(Protocol):
    """Solves a problem somewhere: in the planner process, or in a pool."""

    async def plan(
        self,
        problem: Problem,
        *,
        formulation: str = "cpo",
        profile: str | None = None,
        solver: str = "auto",
        gap: float = 1e-4,
        time_limit_seconds: float = 60.0,
    ) -> Schedule:
        """Return a verified plan.

        Raises
        ------
        ScenarioError
            The problem cannot be used.
        Unavailable
            No planner answers.
        """


class Executor(Protocol):
    """Runs a calculation beside the event loop: in a pool of processes here, or on other machines."""

    async def run(self, function: Callable[..., Any], /, *args: object, timeout_seconds: float) -> Any:
        """Return what ``function(*args)`` returns; both and the result can be pickled.

        Raises
        ------
        SolverFailure
            It took longer than ``timeout_seconds``; it has been stopped.
        Unavailable
            The process died over it, and again at the second try.
        """


class StationCommands(Protocol):
    """Sends a command to a station, wherever its socket is."""

    async def send(self, station_id: str, command: AnyCommand, *, timeout_seconds: float = 30.0) -> CommandReply:
        """Never raises for what a station or the network does: the outcome says it (``offline``, ``timeout``…)."""


class EventFeed(Protocol):
    """The platform's own events, as they are published after the commit that caused them."""

    def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield ``(kind, data)`` for ever; what was published while nobody listened is not repeated."""


class Sites(Protocol):
    def get(self, site_id: str) -> Site: ...
    def list(self) -> list[Site]: ...
    def save(self, site: Site) -> None: ...


class Stations(Protocol):
    """``key_hmac`` never leaves through a `ChargingStation`."""

    def get(self, station_id: str) -> ChargingStation: ...
    def list(self, *, site_id: str | None = None) -> list[ChargingStation]: ...
    def save(self, station: ChargingStation) -> None: ...
    def key_hmac(self, station_id: str) -> bytes | None: ...
    def set_key_hmac(self, station_id: str, key_hmac: bytes) -> None: ...
    def add_pending_key(self, station_id: str, key_hmac: bytes, at: datetime) -> int:
        """Keep a key that the station is told to use from now on; return its number."""

    def pending_keys(self, station_id: str) -> list[tuple[int, bytes]]:
        """Number and HMAC of each key that the station has not come with yet, the newest first."""

    def forget_pending_key(self, station_id: str, number: int) -> None: ...
    def settle_key(self, station_id: str, number: int) -> None:
        """Make a pending key the station's own; the one before, and those told before it, are forgotten."""

    def set_online(self, station_id: str, online: bool, at: datetime, connection_id: str | None = None) -> None: ...
    def set_status(self, station_id: str, evse_id: int, status: ConnectorStatus, at: datetime) -> None: ...
    def set_last_seen(self, station_id: str, at: datetime) -> None: ...
    def set_boot(
        self,
        station_id: str,
        *,
        protocol: str,
        vendor: str,
        model: str,
        firmware_version: str | None,
        at: datetime,
    ) -> bool:
        """Note what a station said of itself at its boot; False when nobody registered it."""

    def save_evse(self, station_id: str, evse: Evse) -> None: ...
    def count(self) -> tuple[int, int]:
        """Return how many there are, and how many of them are online."""


class Sessions(Protocol):
    """Charging sessions, newest first in lists."""

    def get(self, session_id: str) -> ChargingSession: ...
    def active(self, *, site_id: str | None = None) -> list[ChargingSession]: ...
    def of_transaction(self, station_id: str, ocpp_transaction_id: str) -> ChargingSession | None: ...
    def active_at(self, station_id: str, evse_id: int) -> ChargingSession | None: ...
    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        active: bool | None = None,
        site_id: str | None = None,
    ) -> Sequence[ChargingSession]: ...
    def save(self, session: ChargingSession) -> None: ...
    def hold_needs(self, station_id: str, evse_id: int, needs: ChargingNeeds, at: datetime) -> None:
        """Keep what the driver asked for before the transaction began."""

    def take_needs(self, station_id: str, evse_id: int, *, since: datetime) -> ChargingNeeds | None:
        """Return and forget the held needs; None when there are none, or only some from before ``since``."""

    def hold_state(self, station_id: str, evse_id: int, state: ChargingState, at: datetime) -> None:
        """Keep the charging state that a station told before the transaction began."""

    def take_state(self, station_id: str, evse_id: int, *, since: datetime) -> ChargingState | None:
        """Return and forget it; None when there is none, or only one from before ``since``."""

    def next_transaction_number(self) -> int:
        """Allot a transaction id for a station that speaks OCPP 1.6."""


class MeterValues(Protocol):
    def add(self, station_id: str, evse_id: int, ocpp_transaction_id: str | None, samples: Iterable[Sample]) -> int:
        """Insert what is new by natural key and return how many rows that were; contradictions are flagged."""

    def of_session(
        self, session: ChargingSession, *, since: datetime | None = None, measurand: str | None = None
    ) -> Sequence[Sample]: ...


class Facts(Protocol):
    """Which facts were taken in already, by natural key.

    What contradicts an earlier one, or cannot be used, is set aside and kept.
    """

    def look_up(self, batch: Iterable[StationFact]) -> None:
        """Read at once what `known`, `contradicts` and `decision` will ask about each fact of a batch."""

    def known(self, fact: StationFact) -> bool: ...
    def contradicts(self, fact: StationFact) -> bool:
        """Whether the same key was taken in with other content."""

    def decision(self, fact: StationFact) -> Decision | None:
        """What was answered when the fact came first."""

    def remember(self, fact: StationFact, decision: Decision | None = None) -> None: ...
    def set_aside(self, station_id: str, key: str, body: bytes, reason: str, at: datetime) -> None: ...
    def set_aside_fact(self, fact: StationFact, reason: str) -> None: ...
    def set_aside_since(self, at: datetime) -> int: ...


class Plans(Protocol):
    def add(self, plan: StoredPlan) -> None: ...
    def get(self, plan_id: str) -> StoredPlan: ...
    def latest(self, site_id: str) -> StoredPlan | None: ...
    def latest_id(self, site_id: str) -> str | None: ...
    def summaries(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]:
        """As `list`, without the scenarios and the schedules' curves (``sessions``, ``supply_point``)."""

    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]: ...


class Commands(Protocol):
    def save(self, command: SentCommand) -> None: ...
    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        actions: Collection[str] | None = None,
    ) -> Sequence[SentCommand]: ...
    def without_outcome(self, *, before: datetime) -> Sequence[SentCommand]:
        """Commands sent before this instant of which nobody has said how they went."""


class Reports(Protocol):
    """What stations told of themselves, the last to come first in lists."""

    def add(self, station_id: str, said: StationReported, received_at: datetime) -> int:
        """Keep a report and return its id."""

    def list(
        self,
        station_id: str,
        *,
        limit: int,
        before: int | None = None,
        report: str | None = None,
        request_id: int | None = None,
    ) -> Sequence[StationReport]: ...


class Restrictions(Protocol):
    """``record_state`` keeps how a restriction fared: its latest state, when first enforced, the highest power seen."""

    def get(self, restriction_id: str) -> Restriction: ...
    def save(self, restriction: Restriction) -> None: ...
    def list(self, *, limit: int, before: str | None = None) -> Sequence[Restriction]: ...
    def open(self, now: datetime, *, station_ids: Iterable[str] | None = None) -> list[Restriction]:
        """Neither revoked nor over at ``now``; those to come are included."""

    def record_state(self, restriction_id: str, state: dict[str, Any]) -> None: ...
    def state(self, restriction_id: str) -> dict[str, Any] | None: ...


class SeriesStore(Protocol):
    def put(self, series: Series) -> None: ...
    def values(
        self, kind: SeriesKind, subject: str, start: datetime, *, step_minutes: float, count: int
    ) -> list[float | None]:
        """The mean of what is known over each step from ``start``; None where nothing is known."""


class Abilities(Protocol):
    """What stations can do with charging profiles, as each told last."""

    def of(self, station_ids: Iterable[str]) -> dict[str, ChargingAbilities]: ...
    def save(self, abilities: ChargingAbilities) -> None: ...


class ExternalLimits(Protocol):
    """Limits that others set at stations; one for each source and EVSE."""

    def of(self, station_ids: Iterable[str]) -> Sequence[ExternalLimit]: ...
    def save(self, limit: ExternalLimit) -> None: ...
    def clear(self, station_id: str, source: str, *, evse_id: int | None = None) -> None:
        """Forget what that source had set, at one EVSE or anywhere at the station."""


class StationFaults(Protocol):
    """The stations that do not follow now."""

    def get(self, station_id: str) -> StationFault | None: ...
    def all(self) -> dict[str, StationFault]: ...
    def save(self, fault: StationFault) -> None: ...
    def remove(self, station_id: str) -> None: ...


class Tokens(Protocol):
    """Id tokens (RFID cards and the like) that may charge."""

    def status(self, id_token: str) -> str | None: ...
    def save(self, id_token: str, status: str, user_id: str | None = None) -> None: ...


class Events(Protocol):
    def add(self, kind: str, data: dict[str, Any]) -> None:
        """Write an event into the outbox; it goes out as ``twinev.v1.evt.<kind>`` after the commit."""


@dataclass(frozen=True, kw_only=True)
class OutboxEvent:
    """An event that waits in the outbox; ``id`` becomes its Msg-Id."""

    id: str
    kind: str
    at: datetime
    data: dict[str, Any]


class Outbox(Protocol):
    """What the relay needs of the outbox, oldest first."""

    def pending(self, limit: int) -> Sequence[OutboxEvent]: ...
    def published(self, event_ids: Iterable[str]) -> None:
        """Forget events that the stream holds now."""

    def lag(self) -> tuple[int, datetime | None]:
        """Return how many events wait, and since when the oldest does."""


class Inbox(Protocol):
    """Which announcements of other modules were taken in."""

    def content_hash(self, source: str, message_id: str) -> bytes | None:
        """The content of the announcement with this id; None when it was not taken in."""

    def newer(self, announcement: Announcement) -> str | None:
        """The id of one that was made later and speaks of the same thing over part of the same time."""

    def remember(self, announcement: Announcement, at: datetime) -> None: ...
    def forget_before(self, at: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """What a request with an Idempotency-Key was answered; ``status`` None while the first one is under way."""

    request_hash: bytes
    status: int | None
    body: dict[str, Any] | None
    at: datetime


class Idempotency(Protocol):
    """Answers to creating requests, by user and Idempotency-Key."""

    def claim(self, user_id: str, key: str, request_hash: bytes, at: datetime) -> bool:
        """Tell whether the key was free; then it is taken."""

    def answer(self, user_id: str, key: str) -> KeptAnswer | None: ...
    def keep(self, user_id: str, key: str, status: int, body: dict[str, Any]) -> None: ...
    def release(self, user_id: str, key: str) -> None: ...
    def forget_before(self, at: datetime) -> None: ...


class Leadership(Protocol):
    """Which of several API processes runs what must run once: the outbox relay, the planning loop."""

    def held(self) -> bool:
        """Whether this process leads; tries to take the lead when nobody does. Called again and again."""

    def release(self) -> None: ...


class UnitOfWork(Protocol):
    sites: Sites
    stations: Stations
    sessions: Sessions
    meter_values: MeterValues
    facts: Facts
    plans: Plans
    commands: Commands
    reports: Reports
    restrictions: Restrictions
    series: SeriesStore
    abilities: Abilities
    external_limits: ExternalLimits
    station_faults: StationFaults
    tokens: Tokens
    events: Events
    outbox: Outbox
    inbox: Inbox
    idempotency: Idempotency

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def commit(self) -> None: ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
