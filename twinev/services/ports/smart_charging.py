"""Stored plans, restrictions, series, and what is known of how stations follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.grid import Restriction
from twinev.domain.plan import StoredPlan
from twinev.domain.station_fault import StationFault
from twinev.domain.tariff import Series, SeriesKind


class Plans(Protocol):
    def add(self, plan: StoredPlan) -> None: ...
    def get(self, plan_id: str) -> StoredPlan: ...
    def latest(self, site_id: str) -> StoredPlan | None: ...
    def latest_id(self, site_id: str) -> str | None: ...
    def summaries(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]:
        """As `list`, without the scenarios and the schedules' curves (``sessions``, ``supply_point``)."""

    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]: ...


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
    def clear(self, station_id: str, source: str, *, evse_id: int | None = None) -> int:
        """Forget what that source had set, at one EVSE or anywhere at the station; return how many limits that were."""


class StationFaults(Protocol):
    """The stations that do not follow now."""

    def get(self, station_id: str) -> StationFault | None: ...
    def all(self) -> dict[str, StationFault]: ...
    def save(self, fault: StationFault) -> None: ...
    def remove(self, station_id: str) -> None: ...
