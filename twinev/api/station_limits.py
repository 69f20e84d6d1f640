"""What holds at a station, as the API tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.plan import SentCommand
from twinev.domain.station_fault import StationFault
from twinev.services.profile_records import composite_from_record
from twinev.services.show_limits import EvseLimitsShown, StationLimitsShown
from twinev.wire.rest.commands import CommandOut, CompositeScheduleOut
from twinev.wire.rest.station_limits import (
    EvseLimitsOut,
    ExternalLimitOut,
    InstalledProfile,
    LimitDifference,
    LimitStep,
    StationLimitsOut,
)
from twinev.wire.rest.stations import NotFollowing


def not_following_out(fault: StationFault | None) -> NotFollowing | None:
    """Tell of a station that does not follow."""
    return None if fault is None else NotFollowing(cause=fault.cause, reason=fault.reason, since=fault.since)


def station_limits_out(shown: StationLimitsShown) -> StationLimitsOut:
    """Tell what holds at a station."""
    return StationLimitsOut(
        station_id=shown.station_id,
        not_following=not_following_out(shown.fault),
        external_limits=tuple(_external_out(limit) for limit in shown.external_limits),
        evses=tuple(_evse_out(evse) for evse in shown.evses),
    )


def _evse_out(evse: EvseLimitsShown) -> EvseLimitsOut:
    report: dict[str, Any] = {}
    if evse.reported is not None:
        reported = _composite(evse.reported.composite)
        report = {
            "reported_at": evse.reported.at,
            "reported_until": _end(reported),
            "reported": _steps(reported),
            "differences": tuple(LimitDifference.model_validate(found) for found in evse.reported.differences),
        }
    return EvseLimitsOut(
        evse_id=evse.evse_id,
        profiles=tuple(_profile_out(profile) for profile in evse.profiles),
        unsure=evse.unsure,
        expected=tuple(LimitStep(start=stretch.start, limit_kw=stretch.limit_kw) for stretch in evse.expected),
        **report,
    )


def composite_out(sent: SentCommand, command: CommandOut) -> CompositeScheduleOut:
    """Tell what a station answered to the question for its schedule."""
    if "composite" not in sent.payload:
        return CompositeScheduleOut(command=command)
    schedule = _composite(sent.payload["composite"])
    return CompositeScheduleOut(command=command, steps=_steps(schedule), ends_at=_end(schedule))


def _composite(record: dict[str, Any]) -> ChargingSchedule:
    told = composite_from_record(record)
    return ChargingSchedule(start=told.start, periods=told.periods, duration_seconds=told.duration_seconds)


def _profile_out(profile: ChargingProfile) -> InstalledProfile:
    return InstalledProfile(
        id=profile.id,
        purpose=profile.purpose,
        stack_level=profile.stack_level,
        evse_id=profile.evse_id,
        ocpp_transaction_id=profile.ocpp_transaction_id,
        ends_at=_end(profile.schedule),
        steps=_steps(profile.schedule),
    )


def _external_out(limit: ExternalLimit) -> ExternalLimitOut:
    return ExternalLimitOut(
        evse_id=limit.evse_id,
        source=limit.source,
        grid_critical=limit.grid_critical,
        since=limit.at,
        ends_at=None if limit.schedule is None else _end(limit.schedule),
        steps=() if limit.schedule is None else _steps(limit.schedule),
    )


def _steps(schedule: ChargingSchedule) -> tuple[LimitStep, ...]:
    return tuple(
        LimitStep(start=schedule.start + timedelta(seconds=period.start_seconds), limit_kw=period.limit_kw)
        for period in schedule.periods
    )


def _end(schedule: ChargingSchedule) -> datetime | None:
    return None if schedule.duration_seconds is None else schedule.start + timedelta(seconds=schedule.duration_seconds)
