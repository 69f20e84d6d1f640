"""A charging profile as plain JSON, for the record of what was sent, and back: what a station was told outlives us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinev.domain.charging_profile import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    Recurrency,
    SchedulePeriod,
)
from twinev.domain.commands import CompositeSchedule


def profile_to_record(profile: ChargingProfile) -> dict[str, Any]:
    """Return ``profile`` as JSON values; limits in kW, times in UTC."""
    return {
        "id": profile.id,
        "purpose": str(profile.purpose),
        "stack_level": profile.stack_level,
        "evse_id": profile.evse_id,
        "ocpp_transaction_id": profile.ocpp_transaction_id,
        "kind": str(profile.kind),
        "recurrency": None if profile.recurrency is None else str(profile.recurrency),
        "valid_from": _time_to_record(profile.valid_from),
        "valid_to": _time_to_record(profile.valid_to),
        **schedule_to_record(profile.schedule),
    }


def profile_from_record(record: dict[str, Any]) -> ChargingProfile:
    """Read what `profile_to_record` wrote; records of earlier releases lack kind and validity."""
    recurrency = record.get("recurrency")
    return ChargingProfile(
        id=record["id"],
        purpose=ProfilePurpose(record["purpose"]),
        stack_level=record["stack_level"],
        evse_id=record["evse_id"],
        ocpp_transaction_id=record["ocpp_transaction_id"],
        kind=ProfileKind(record.get("kind", ProfileKind.ABSOLUTE)),
        recurrency=None if recurrency is None else Recurrency(recurrency),
        valid_from=_time_from_record(record.get("valid_from")),
        valid_to=_time_from_record(record.get("valid_to")),
        schedule=schedule_from_record(record),
    )


def schedule_to_record(schedule: ChargingSchedule) -> dict[str, Any]:
    """Return ``schedule`` as JSON values."""
    return {
        "start": _time_to_record(schedule.start),
        "duration_seconds": schedule.duration_seconds,
        "periods": _periods_to_record(schedule.periods),
    }


def schedule_from_record(record: dict[str, Any]) -> ChargingSchedule:
    """Read what `schedule_to_record` wrote."""
    return ChargingSchedule(
        start=_time_from_record(record["start"]),
        duration_seconds=record["duration_seconds"],
        periods=tuple(SchedulePeriod(**period) for period in record["periods"]),
    )


def composite_to_record(composite: CompositeSchedule) -> dict[str, Any]:
    """Return what a station reported as JSON values."""
    return {
        "evse_id": composite.evse_id,
        "start": composite.start.isoformat(),
        "duration_seconds": composite.duration_seconds,
        "periods": _periods_to_record(composite.periods),
    }


def composite_from_record(record: dict[str, Any]) -> CompositeSchedule:
    """Read what `composite_to_record` wrote."""
    return CompositeSchedule(
        evse_id=record["evse_id"],
        start=datetime.fromisoformat(record["start"]),
        duration_seconds=record["duration_seconds"],
        periods=tuple(SchedulePeriod(**period) for period in record["periods"]),
    )


def _periods_to_record(periods: tuple[SchedulePeriod, ...]) -> list[dict[str, Any]]:
    return [{"start_seconds": period.start_seconds, "limit_kw": period.limit_kw} for period in periods]


def _time_to_record(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _time_from_record(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
