"""Stored charging sessions, meter values, and which facts were taken in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from twinev.domain.charge_points import ChargingState
from twinev.domain.facts import Decision, Sample, StationFact
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds


@dataclass(frozen=True, kw_only=True)
class SessionFilter:
    """Which sessions: all that fit everything that is given.

    ``find`` are words that occur in the ids of station and transaction, in the id token or the stop reason, or begin
    the session's id; ``since`` and ``until`` are about when it began.
    """

    find: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Sessions(Protocol):
    """Charging sessions, newest first in lists."""

    def get(self, session_id: str) -> ChargingSession: ...
    def active(self, *, site_id: str | None = None) -> list[ChargingSession]: ...
    def of_transaction(self, station_id: str, ocpp_transaction_id: str) -> Sequence[ChargingSession]:
        """The sessions whose transaction has this name, oldest first: more than one where a counter began anew."""

    def active_at(self, station_id: str, evse_id: int) -> ChargingSession | None: ...
    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        active: bool | None = None,
        site_id: str | None = None,
        user_id: str | None = None,
        wanted: SessionFilter | None = None,
    ) -> Sequence[ChargingSession]: ...
    def during(self, station_id: str, *, start: datetime, end: datetime) -> Sequence[ChargingSession]:
        """Those of a station that reach into [start, end), the oldest first."""

    def changed(
        self, since: datetime | None, before: datetime | None, *, offset: int, limit: int
    ) -> tuple[Sequence[ChargingSession], int]:
        """Return those that last changed in [since, before), the oldest change first, and how many there are."""

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
    ) -> Sequence[Sample]:
        """What was measured in its transaction; of several transactions of one name each has the values of its time."""

    def of_station(
        self, station_id: str, *, start: datetime, end: datetime, measurand: str | None = None
    ) -> Sequence[tuple[int, Sample]]:
        """EVSE and sample of all that was measured at a station within [start, end), by time."""


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
