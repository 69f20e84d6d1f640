"""Restrictions as they are shown: with how they fared and the power that is measured now."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from twinev.api.etags import etag_of
from twinev.api.platform import Platform
from twinev.domain.area import area_to_json
from twinev.domain.grid import Enforcement, Restriction
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.restrict import current_state
from twinev.wire.rest.restrictions import RestrictionOut, StationEnforcement

CSV_COLUMNS = (
    "id", "created_by", "created_at", "station_ids", "limit_kw", "start", "end", "v2g", "state", "revoked_at",
    "first_enforced_at", "highest_kw",
)  # fmt: skip


def restriction_version(restriction: Restriction) -> str:
    """Return the version of what can be changed."""
    return etag_of(restriction.id, restriction.limit_kw, restriction.end, restriction.v2g, restriction.revoked_at)


class ShownRestrictions:
    """Turns restrictions into their bodies, all at the same moment."""

    def __init__(self, *, work: UnitOfWork, now: datetime, power_kw: dict[str, float]) -> None:
        self._work = work
        self._now = now
        self._power_kw = power_kw
        self._states: dict[str, dict[str, Any]] = {}

    @classmethod
    def read(cls, work: UnitOfWork, platform: Platform) -> ShownRestrictions:
        now = platform.clock.now()
        live = platform.live_view(work)
        power_kw: dict[str, float] = {}
        for (station_id, _), session in live.at_evse.items():
            power_kw[station_id] = power_kw.get(station_id, 0.0) + live.power_kw(session)
        return cls(work=work, now=now, power_kw=power_kw)

    def read_states(self, restrictions: Iterable[Restriction]) -> None:
        """Read at once what `out` would read of each."""
        ids = [restriction.id for restriction in restrictions]
        found = self._work.restrictions.states(ids)
        self._states |= {restriction_id: found.get(restriction_id, {}) for restriction_id in ids}

    def out(self, restriction: Restriction) -> RestrictionOut:
        if restriction.id not in self._states:
            self.read_states([restriction])
        kept = self._states[restriction.id]
        state = current_state(restriction, kept, self._now)
        stations = self._stations(
            restriction, state, {entry["station_id"]: entry for entry in kept.get("stations", ())}
        )
        return RestrictionOut(
            id=restriction.id,
            station_ids=restriction.station_ids,
            limit_kw=restriction.limit_kw,
            start=restriction.start,
            end=restriction.end,
            v2g=restriction.v2g,
            created_by=restriction.created_by,
            created_at=restriction.created_at,
            revoked_at=restriction.revoked_at,
            state=state,
            power_kw=round(sum(station.power_kw for station in stations), 3),
            stations=stations,
            first_enforced_at=_instant(kept.get("first_enforced_at")),
            highest_kw=kept.get("highest_kw"),
            site_ids=restriction.site_ids,
            area=None if restriction.area is None else area_to_json(restriction.area),
            version=restriction_version(restriction),
        )

    def _stations(
        self, restriction: Restriction, state: Enforcement, kept: dict[str, dict[str, Any]]
    ) -> tuple[StationEnforcement, ...]:
        """Once it is over, a station's state is the last that was seen; before it begins, that of the whole."""
        return tuple(
            _of_station(
                station_id,
                state if state is Enforcement.SCHEDULED else kept.get(station_id, {}).get("state", state),
                kept.get(station_id, {}).get("reason"),
                round(self._power_kw.get(station_id, 0.0), 3),
            )
            for station_id in restriction.station_ids
        )


@lru_cache(maxsize=10_000)
def _of_station(station_id: str, state: str, reason: str | None, power_kw: float) -> StationEnforcement:
    """The same for many restrictions, and for each of them time after time."""
    return StationEnforcement(station_id=station_id, state=state, reason=reason, power_kw=power_kw)


def restrictions_csv(restrictions: Iterable[RestrictionOut]) -> str:
    """Return a table of restrictions; station ids are parted by spaces."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for restriction in restrictions:
        row = restriction.model_dump(mode="json")
        cells = (row[column] for column in CSV_COLUMNS)
        writer.writerow([_cell(" ".join(cell) if isinstance(cell, list) else cell) for cell in cells])
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is led by an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
