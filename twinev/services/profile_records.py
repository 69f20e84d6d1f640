"""A charging profile as plain JSON, for the record of what was sent, and back: what a station was told outlives us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CompositeSchedule


def profile_to_record(profile: ChargingProfile) -> dict[str, Any]:
    """Return ``profile`` as JSON values; limits in kW, times in UTC."""
    return {
        "id": profile.id,
        "purpose": str(profile.purpose),
        "stack_level": profile.stack_level,
        "evse_id": profile.evse_id,
        "ocpp_transaction_id": profile.ocpp_transaction_id,
        "start": profile.schedule.start.isoformat(),
        "duration_seconds": profile.schedule.duration_seconds,
        "periods": _periods_to_record(profile.schedule.periods),
    }


def profile_from_record(record: dict[str, Any]) -> ChargingProfile:
    """Read what `profile_to_record` wrote."""
    return ChargingProfile(
        id=record["id"],
        purpose=ProfilePurpose(record["purpose"]),
        stack_level=record["stack_level"],
        evse_id=record["evse_id"],
        ocpp_transaction_id=record["ocpp_transaction_id"],
        schedule=ChargingSchedule(
            start=datetime.fromisoformat(record["start"]),
            duration_seconds=record["duration_seconds"],
            periods=tuple(SchedulePeriod(**period) for period in record["periods"]),
        ),
    )


def composite_to_record(composite: CompositeSchedule) -> dict[str, Any]:
    """Return what a station reported as JSON values."""
    return {
        "evse_id": composite.evse_id,
        "start": composite.start.isoformat(),
        "duration_seconds": composite.duration_seconds,
        "periods": _periods_to_record(composite.periods),
    }


def _periods_to_record(periods: tuple[SchedulePeriod, ...]) -> list[dict[str, Any]]:
    return [{"start_seconds": period.start_seconds, "limit_kw": period.limit_kw} for period in periods]
