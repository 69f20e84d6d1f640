"""What holds at a station: what it was told and what that comes to, what it reports, and who else limits it.

Everything is read from the record, so that any process can show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twinev.domain.charging_profile import ChargingProfile
from twinev.domain.composite_schedule import RunningTransaction, Stretch, composite_schedule
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.plan import SentCommand
from twinev.domain.station_fault import StationFault
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.told_limits import ToldLimits

SHOWN = timedelta(hours=24)
# How far back the record is searched: a fallback may be days older than the last plan.
COMMANDS_SEARCHED = 500
REPORTS_SEARCHED = 100
REPORT = "GetCompositeSchedule"


@dataclass(frozen=True, kw_only=True)
class ReportedSchedule:
    """What the EVSE said that it would apply, when that was, and how it differed from what it had accepted."""

    at: datetime
    composite: dict[str, Any]
    differences: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class EvseLimitsShown:
    """One EVSE: the profiles that it accepted, what they come to from now on, and its last report."""

    evse_id: int
    profiles: tuple[ChargingProfile, ...]
    unsure: tuple[str, ...]
    expected: tuple[Stretch, ...]
    reported: ReportedSchedule | None


@dataclass(frozen=True, kw_only=True)
class StationLimitsShown:
    """A whole station; ``fault`` where it does not follow."""

    station_id: str
    fault: StationFault | None
    external_limits: tuple[ExternalLimit, ...]
    evses: tuple[EvseLimitsShown, ...]


def show_limits(station_id: str, *, work: UnitOfWork, now: datetime) -> StationLimitsShown:
    """Return what holds at the station.

    Raises
    ------
    NotFound
        Nobody registered it.
    """
    station = work.stations.get(station_id)
    told = ToldLimits()
    told.restore(work, [station_id], depth=COMMANDS_SEARCHED)
    external = tuple(work.external_limits.of([station_id]))
    reports = _last_reports(work.commands.list(limit=REPORTS_SEARCHED, station_id=station_id, actions=(REPORT,)))
    evses = []
    for evse in station.evses:
        key = (station_id, evse.id)
        session = work.sessions.active_at(station_id, evse.id)
        transaction = (
            RunningTransaction(ocpp_transaction_id=session.ocpp_transaction_id, started_at=session.started_at)
            if session
            else None
        )
        believed = told.believed(key, ocpp_transaction_id=session.ocpp_transaction_id if session else None)
        ruling = [*believed, *(limit.profile for limit in external if limit.profile is not None)]
        evses.append(
            EvseLimitsShown(
                evse_id=evse.id,
                profiles=tuple(believed),
                unsure=tuple(sorted(told.of(key).unsure)),
                expected=tuple(composite_schedule(ruling, now, now + SHOWN, evse_id=evse.id, transaction=transaction)),
                reported=reports.get(evse.id),
            )
        )
    return StationLimitsShown(
        station_id=station_id,
        fault=work.station_faults.get(station_id),
        external_limits=external,
        evses=tuple(evses),
    )


def _last_reports(commands: Iterable[SentCommand]) -> dict[int, ReportedSchedule]:
    """The newest report of each EVSE; commands come newest first."""
    reports: dict[int, ReportedSchedule] = {}
    for command in commands:
        composite = command.payload.get("composite")
        if composite is not None:
            reports.setdefault(
                command.payload["evse_id"],
                ReportedSchedule(
                    at=command.answered_at or command.sent_at,
                    composite=composite,
                    differences=tuple(command.payload.get("differences", ())),
                ),
            )
    return reports
