"""Stored plans, restrictions, series, and what is known of how stations follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.flexibility import FlexibilityOrder
from twinev.domain.grid import Restriction, RestrictionChange
from twinev.domain.plan import StoredPlan
from twinev.domain.station_fault import StationFault
from twinev.domain.tariff import Series, SeriesKind


class Plans(Protocol):
    def add(self, plan: StoredPlan) -> None: ...
    def get(self, plan_id: str) -> StoredPlan: ...
    def latest(self, site_id: str) -> StoredPlan | None: ...
    def latest_id(self, site_id: str) -> str | None: ...
    def latest_ids(self, site_ids: Collection[str]) -> Mapping[str, str]: ...
    def summaries(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]:
        """As `list`, without the scenarios and the schedules' curves (``sessions``, ``supply_point``)."""

    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]: ...


@dataclass(frozen=True, kw_only=True)
class RestrictionFilter:
    """Which restrictions: all that fit everything that is given.

    ``state`` is open (neither over nor revoked), over or revoked, at ``now``; ``since`` and ``until`` keep those whose
    window reaches into [since, until).
    """

    state: Literal["open", "over", "revoked"] | None = None
    now: datetime | None = None
    site_id: str | None = None
    station_id: str | None = None
    created_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Restrictions(Protocol):
    """``record_state`` keeps how a restriction fared: its latest state, when first enforced, the highest power seen."""

    def get(self, restriction_id: str) -> Restriction: ...
    def get_to_edit(self, restriction_id: str) -> Restriction:
        """Return it; until the commit nobody else gets it to edit."""

    def save(self, restriction: Restriction) -> None: ...
    def list(
        self, *, limit: int, before: str | None = None, wanted: RestrictionFilter | None = None
    ) -> Sequence[Restriction]:
        """Return restrictions, the newest first."""

    def open(self, now: datetime, *, station_ids: Iterable[str] | None = None) -> list[Restriction]:
        """Neither revoked nor over at ``now``; those to come are included."""

    def note(self, change: RestrictionChange) -> None:
        """Keep one entry of a restriction's history."""

    def history(self, restriction_id: str) -> Sequence[RestrictionChange]:
        """What was done to it, in order."""

    def record_state(self, restriction_id: str, state: dict[str, Any]) -> None: ...
    def state(self, restriction_id: str) -> dict[str, Any] | None: ...
    def states(self, restriction_ids: Collection[str]) -> Mapping[str, dict[str, Any]]: ...


class FlexibilityOrders(Protocol):
    def get(self, order_id: str) -> FlexibilityOrder: ...
    def get_to_edit(self, order_id: str) -> FlexibilityOrder:
        """Return it; until the commit nobody else gets it to edit."""

    def save(self, order: FlexibilityOrder) -> None: ...
    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[FlexibilityOrder]:
        """Return orders, the newest first."""

    def open(self, site_id: str, now: datetime) -> Sequence[FlexibilityOrder]:
        """Neither revoked nor over, in the order in which they were given."""


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
