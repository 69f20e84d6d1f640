"""States of two small sites, for the parts of the grid operators' page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from twinev.ui.live import Snapshot
from twinev.ui.selection import Selection
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.restrictions import (
    RestrictionActOut,
    RestrictionCreated,
    RestrictionMeasured,
    RestrictionOut,
    RestrictionPreview,
    StationEnforcement,
)
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import EvseOut, StationOut

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class FakeLive:
    """The live state, standing still."""

    snapshot: object
    hurried: int = 0

    def now(self) -> datetime:
        return self.snapshot.now

    def hurry(self) -> None:
        self.hurried += 1


@dataclass
class FakeClient:
    """Keeps what it was asked; ``error`` is raised instead of an answer."""

    restriction_answer: object
    now: datetime
    error: Exception | None = None
    measured: object = None
    asked: list[tuple] = field(default_factory=list)

    def preview_restriction(self, station_ids, limit_kw, *, in_place_of=None, **window) -> RestrictionPreview:
        self._note("preview", station_ids, limit_kw, *([in_place_of] if in_place_of else []))
        return RestrictionPreview(
            evs_affected=2, shortfall_kwh=1.5, cost_eur=0.3, start=self.now, slot_minutes=15,
            before_kw=(22.0,) * 8, after_kw=(12.0,) * 8, explanations=("EV7 leaves 1.5 kWh short",),
        )  # fmt: skip

    def restrict(self, station_ids, limit_kw, **window) -> RestrictionCreated:
        self._note("restrict", station_ids, limit_kw)
        return RestrictionCreated(id="r1")

    def restriction(self, restriction_id: str) -> object:
        return self.restriction_answer

    def plans(self, *, at_most: int) -> list:
        return []

    def commands(self, *, at_most: int) -> list:
        return []

    def change_restriction(self, restriction, *, limit_kw, end, v2g) -> object:
        self._note("change", restriction.version, limit_kw, end, v2g)
        return self.restriction_answer

    def restriction_history(self, restriction_id: str) -> list[RestrictionActOut]:
        values = {"by": "olga", "limit_kw": 12.0, "end": self.now + timedelta(hours=1), "v2g": False}
        return [RestrictionActOut(at=self.now, act="changed", **values)]

    def restriction_measured(self, restriction_id: str) -> RestrictionMeasured:
        self._note("measured", restriction_id)
        return self.measured

    def restrictions(self, *, at_most: int | None = None, state: str | None = None) -> list:
        return [self.restriction_answer]

    def revoke_restriction(self, restriction_id: str) -> object:
        self._note("revoke", restriction_id)
        self.restriction_answer = self.restriction_answer.model_copy(update={"state": "revoked"})
        return self.restriction_answer

    def _note(self, *call: object) -> None:
        self.asked.append(call)
        if self.error is not None:
            raise self.error


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_station() -> Callable[..., StationOut]:
    def make(station_id: str = "UTR-01", **changed: object) -> StationOut:
        fields = {
            "id": station_id, "site_id": "utrecht", "name": "Bay A1", "latitude_degrees": 52.08521,
            "longitude_degrees": 5.10516, "protocol": "ocpp1.6", "vendor": None, "model": None, "online": True,
            "last_seen": NOW, "max_kw": 22.0, "power_kw": 0.0,
            "evses": (
                EvseOut(
                    id=1, connector_type="cType2", max_kw=22, phases=3, status="Occupied", power_kw=0.0,
                    planned_kw=None, session_id=None,
                ),
            ),
        }  # fmt: skip
        return StationOut(**fields | changed)

    return make


@pytest.fixture
def make_site() -> Callable[..., SiteOut]:
    def make(**changed: object) -> SiteOut:
        fields = {
            "id": "utrecht", "name": "Car park, Utrecht", "latitude_degrees": 52.0851, "longitude_degrees": 5.1,
            "supply_max_kw": 66.0, "supply_min_kw": 0.0, "price_zone": "NL", "time_zone": "Europe/Amsterdam",
            "charging_kw": 30.0, "demand_kw": 4.0, "production_kw": 1.5, "active_sessions": 3,
        }  # fmt: skip
        return SiteOut(**fields | changed)

    return make


@pytest.fixture
def make_restriction() -> Callable[..., RestrictionOut]:
    def make(**changed: object) -> RestrictionOut:
        fields = {
            "id": "r1", "station_ids": ("UTR-01", "UTR-02"), "limit_kw": 12.0, "start": NOW - timedelta(minutes=1),
            "end": NOW + timedelta(hours=1), "v2g": False, "created_by": "olga",
            "created_at": NOW - timedelta(minutes=1), "revoked_at": None, "state": "enforced", "power_kw": 11.9,
            "stations": (StationEnforcement(station_id="UTR-01", state="enforced"),),
            "first_enforced_at": NOW - timedelta(seconds=55), "highest_kw": 11.9,
        }  # fmt: skip
        return RestrictionOut(**fields | changed)

    return make


@pytest.fixture
def make_command() -> Callable[..., CommandOut]:
    def make(station_id: str, action: str, sent_at: datetime, outcome: str | None = "accepted") -> CommandOut:
        answered_at = None if outcome in (None, "offline") else sent_at + timedelta(seconds=0.2)
        return CommandOut(
            id=f"{station_id}-{action}", station_id=station_id, action=action, issued_by="planning", sent_at=sent_at,
            answered_at=answered_at, outcome=outcome, status=None, round_trip_ms=200, plan_id=None, payload={},
        )  # fmt: skip

    return make


@pytest.fixture
def snapshot(make_site, make_station, make_restriction) -> Snapshot:
    """One site with two stations, one of them charging, and a limit on both."""
    stations = (make_station("UTR-01", power_kw=11.9), make_station("UTR-02", name="Bay A2"))
    return Snapshot(now=NOW, speed=1.0, sites=(make_site(),), stations=stations, restrictions=(make_restriction(),))


@pytest.fixture
def live(snapshot) -> FakeLive:
    return FakeLive(snapshot)


@pytest.fixture
def client(make_restriction, now) -> FakeClient:
    return FakeClient(restriction_answer=make_restriction(), now=now)


@pytest.fixture
def selection() -> Selection:
    return Selection()
