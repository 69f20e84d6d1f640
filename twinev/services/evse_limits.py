"""What each EVSE may draw, as far as it was told: the profiles that its station accepted, and those it may have taken.

A station that does not answer may have taken the new profile or kept the old one, so both stay possible until the next
answer. What may be drawn is the highest of them; planning reserves it for stations that it cannot steer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose

EvseKey = tuple[str, int]
"""A station's id and the EVSE's number within it."""


@dataclass(frozen=True, kw_only=True)
class EvseLimits:
    """Profiles that one EVSE may be applying; empty where nothing was accepted yet.

    ``unsure`` names the purposes of which the last profile sent was not answered.
    """

    tx: tuple[ChargingProfile, ...] = ()
    default: tuple[ChargingProfile, ...] = ()
    unsure: frozenset[ProfilePurpose] = frozenset()

    def of(self, purpose: ProfilePurpose) -> tuple[ChargingProfile, ...]:
        return self.tx if purpose is ProfilePurpose.TX else self.default

    def accepted(self, profile: ChargingProfile) -> EvseLimits:
        """Return the limits after the station accepted ``profile``: it replaces what it had of that purpose."""
        return self._with(profile.purpose, (profile,), unsure=self.unsure - {profile.purpose})

    def uncertain(self, profile: ChargingProfile) -> EvseLimits:
        """Return the limits after ``profile`` was sent and no answer came."""
        kept = [known for known in self.of(profile.purpose) if known.schedule != profile.schedule]
        return self._with(profile.purpose, (*kept, profile), unsure=self.unsure | {profile.purpose})

    def settled(self, purpose: ProfilePurpose) -> ChargingProfile | None:
        """The one profile that surely rules for this purpose; None where there is none or it is uncertain."""
        known = self.of(purpose)
        return known[0] if len(known) == 1 and purpose not in self.unsure else None

    def highest_kw_at(self, instant: datetime, *, ocpp_transaction_id: str | None, otherwise_kw: float) -> float:
        """What may be drawn at ``instant`` within that transaction; ``otherwise_kw`` where no limit is known. [kW]"""
        own = [profile for profile in self.tx if profile.ocpp_transaction_id == ocpp_transaction_id]
        planned = [profile.schedule.limit_kw_at(instant) for profile in own]
        if planned and None not in planned:
            return min(max(planned), otherwise_kw)
        fallback = [profile.schedule.limit_kw_at(instant) for profile in self.default]
        default_kw = otherwise_kw if not fallback or None in fallback else max(fallback)
        return min(max([default_kw, *(limit for limit in planned if limit is not None)]), otherwise_kw)

    def highest_kw(
        self, start: datetime, end: datetime, *, ocpp_transaction_id: str | None, otherwise_kw: float
    ) -> float:
        """The highest of what may be drawn within [start, end). [kW]"""
        schedules = [profile.schedule for profile in (*self.tx, *self.default)]
        return max(
            self.highest_kw_at(instant, ocpp_transaction_id=ocpp_transaction_id, otherwise_kw=otherwise_kw)
            for instant in change_points(schedules, start, end)
        )

    def _with(
        self, purpose: ProfilePurpose, profiles: tuple[ChargingProfile, ...], *, unsure: frozenset[ProfilePurpose]
    ) -> EvseLimits:
        if purpose is ProfilePurpose.TX:
            return replace(self, tx=profiles, unsure=unsure)
        return replace(self, default=profiles, unsure=unsure)


def change_points(schedules: Iterable[ChargingSchedule], start: datetime, end: datetime) -> list[datetime]:
    """``start`` and every instant within [start, end) at which one of ``schedules`` takes another value, in order."""
    instants = {start}
    for schedule in schedules:
        offsets = [period.start_seconds for period in schedule.periods]
        if schedule.duration_seconds is not None:
            offsets.append(schedule.duration_seconds)
        instants.update(
            instant for offset in offsets if start < (instant := schedule.start + timedelta(seconds=offset)) < end
        )
    return sorted(instants)


Limits = Mapping[EvseKey, EvseLimits]
