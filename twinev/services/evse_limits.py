"""What each EVSE may draw, as far as it was told: the profiles that its station accepted, and those it may have taken.

A station that does not answer may have taken the new profile or kept the old one, so both stay possible until the next
answer. What may be drawn is the highest of them; planning reserves it for stations that it cannot steer.

Key ``(station, 0)`` holds what the station as a whole was told: its maximum, and where it has room for few profiles the
TxDefaultProfile of all its EVSEs. `limits_at` joins both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose

EvseKey = tuple[str, int]
"""A station's id and the EVSE's number within it."""

_FIELDS = {ProfilePurpose.TX: "tx", ProfilePurpose.TX_DEFAULT: "default", ProfilePurpose.STATION_MAX: "station_max"}


@dataclass(frozen=True, kw_only=True)
class EvseLimits:
    """Profiles that one EVSE may be applying; empty where nothing was accepted yet.

    ``unsure`` names the purposes of which the last profile sent was not answered.
    """

    tx: tuple[ChargingProfile, ...] = ()
    default: tuple[ChargingProfile, ...] = ()
    station_max: tuple[ChargingProfile, ...] = ()
    unsure: frozenset[ProfilePurpose] = frozenset()

    def of(self, purpose: ProfilePurpose) -> tuple[ChargingProfile, ...]:
        return getattr(self, _FIELDS[purpose])

    @property
    def profiles(self) -> tuple[ChargingProfile, ...]:
        """Every profile that may rule."""
        return (*self.tx, *self.default, *self.station_max)

    def accepted(self, profile: ChargingProfile) -> EvseLimits:
        """Return the limits after the station accepted ``profile``: it replaces what it had of that purpose."""
        return self._with(profile.purpose, (profile,), unsure=self.unsure - {profile.purpose})

    def uncertain(self, profile: ChargingProfile) -> EvseLimits:
        """Return the limits after ``profile`` was sent and no answer came."""
        kept = [known for known in self.of(profile.purpose) if known.schedule != profile.schedule]
        return self._with(profile.purpose, (*kept, profile), unsure=self.unsure | {profile.purpose})

    def without(self, purpose: ProfilePurpose) -> EvseLimits:
        """Return the limits after the profiles of that purpose were removed."""
        return self._with(purpose, (), unsure=self.unsure - {purpose})

    def settled(self, purpose: ProfilePurpose) -> ChargingProfile | None:
        """The one profile that surely rules for this purpose; None where there is none or it is uncertain."""
        known = self.of(purpose)
        return known[0] if len(known) == 1 and purpose not in self.unsure else None

    def highest_kw_at(self, instant: datetime, *, ocpp_transaction_id: str | None, otherwise_kw: float) -> float:
        """What may be drawn at ``instant`` within that transaction; ``otherwise_kw`` where no limit is known. [kW]"""
        most_kw = self.highest_of_kw_at(ProfilePurpose.STATION_MAX, instant, otherwise_kw=otherwise_kw)
        own = [profile for profile in self.tx if profile.ocpp_transaction_id == ocpp_transaction_id]
        planned = [profile.schedule.limit_kw_at(instant) for profile in own]
        if planned and None not in planned:
            return min(max(planned), most_kw)
        default_kw = self.highest_of_kw_at(ProfilePurpose.TX_DEFAULT, instant, otherwise_kw=most_kw)
        return min(max([default_kw, *(limit for limit in planned if limit is not None)]), most_kw)

    def highest_of_kw_at(self, purpose: ProfilePurpose, instant: datetime, *, otherwise_kw: float) -> float:
        """What the profiles of one purpose allow at ``instant``, at most ``otherwise_kw``. [kW]"""
        said = [profile.schedule.limit_kw_at(instant) for profile in self.of(purpose)]
        return otherwise_kw if not said or None in said else min(max(said), otherwise_kw)

    def highest_kw(
        self, start: datetime, end: datetime, *, ocpp_transaction_id: str | None, otherwise_kw: float
    ) -> float:
        """The highest of what may be drawn within [start, end). [kW]"""
        return max(
            self.highest_kw_at(instant, ocpp_transaction_id=ocpp_transaction_id, otherwise_kw=otherwise_kw)
            for instant in change_points([profile.schedule for profile in self.profiles], start, end)
        )

    def _with(
        self, purpose: ProfilePurpose, profiles: tuple[ChargingProfile, ...], *, unsure: frozenset[ProfilePurpose]
    ) -> EvseLimits:
        return replace(self, unsure=unsure, **{_FIELDS[purpose]: profiles})


Limits = Mapping[EvseKey, EvseLimits]


def limits_at(limits: Limits, key: EvseKey) -> EvseLimits:
    """Return what is known of an EVSE, with what its station as a whole was told."""
    own = limits.get(key, EvseLimits())
    whole = limits.get((key[0], 0)) if key[1] else None
    if whole is None:
        return own
    return replace(
        own,
        station_max=whole.station_max,
        default=own.default or whole.default,
        unsure=own.unsure | whole.unsure,
    )


def change_points(schedules: Iterable[ChargingSchedule], start: datetime, end: datetime) -> list[datetime]:
    """``start`` and every instant within [start, end) at which one of ``schedules`` takes another value, in order."""
    instants = {start}
    for schedule in schedules:
        edges = (schedule.start + timedelta(seconds=seconds) for seconds in schedule.edges_seconds)
        instants.update(edge for edge in edges if start < edge < end)
    return sorted(instants)
