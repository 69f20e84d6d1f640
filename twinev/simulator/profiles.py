"""The charging profiles installed at a station: which are taken, which replace which, which are cleared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from twinev.simulator.fleet import StationSpec
from twinev.simulator.limits import EXTERNAL, STATION_MAX, TX, TX_DEFAULT, StationProfile

MAX_STACK_LEVEL = 10
MAX_PERIODS = 100
MAX_PROFILES = 10


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a profile was not taken; ``code`` is OCPP 2.0.1's reason code."""

    code: str
    detail: str


class InstalledProfiles:
    """``replace_equal_stack``: OCPP 1.6 replaces a profile of equal purpose and stack level, 2.x refuses another id."""

    def __init__(self, *, spec: StationSpec, replace_equal_stack: bool) -> None:
        self._spec = spec
        self._replace_equal_stack = replace_equal_stack
        self._profiles: list[StationProfile] = []

    def all(self) -> tuple[StationProfile, ...]:
        return tuple(self._profiles)

    def restore(self, profiles: Iterable[StationProfile]) -> None:
        """Put back what was kept over a restart."""
        self._profiles = list(profiles)

    def install(self, profile: StationProfile, *, now: datetime, transaction_id: str | None) -> Refusal | None:
        """Install ``profile``, or say why not. ``transaction_id`` names the transaction that runs at its EVSE."""
        self._profiles = [p for p in self._profiles if not p.expired(now)]
        refusal = self._refusal(profile, transaction_id)
        if refusal is not None:
            return refusal
        kept = [p for p in self._profiles if not self._replaces(profile, p)]
        if len(kept) >= MAX_PROFILES:
            return Refusal(code="TooManyProfiles", detail=f"at most {MAX_PROFILES} profiles can be installed")
        self._profiles = [*kept, profile]
        return None

    def clear(
        self,
        *,
        profile_id: int | None = None,
        evse_id: int | None = None,
        purpose: str | None = None,
        stack_level: int | None = None,
    ) -> int:
        """Remove the profiles that match everything given; an id alone decides. Returns how many went."""

        def matches(profile: StationProfile) -> bool:
            if profile.purpose == EXTERNAL:
                # What others impose is not the CSMS's to lift.
                return False
            if profile_id is not None:
                return profile.id == profile_id
            return (
                (evse_id is None or profile.evse_id == evse_id)
                and (purpose is None or profile.purpose == purpose)
                and (stack_level is None or profile.stack_level == stack_level)
            )

        before = len(self._profiles)
        self._profiles = [profile for profile in self._profiles if not matches(profile)]
        return before - len(self._profiles)

    def end_transaction(self, evse_id: int) -> None:
        """A TxProfile lives no longer than its transaction."""
        self.clear(purpose=TX, evse_id=evse_id)

    def impose(self, profile: StationProfile) -> None:
        """Somebody else than the CSMS limits the station; it replaces what was imposed before."""
        self.lift()
        self._profiles.append(profile)

    def lift(self) -> None:
        """What was imposed is over."""
        self._profiles = [profile for profile in self._profiles if profile.purpose != EXTERNAL]

    def _replaces(self, new: StationProfile, old: StationProfile) -> bool:
        return new.id == old.id or (self._replace_equal_stack and _same_place(new, old))

    def _refusal(self, profile: StationProfile, transaction_id: str | None) -> Refusal | None:
        return (
            self._refusal_of_form(profile)
            or self._refusal_of_place(profile, transaction_id)
            or self._refusal_of_duplicate(profile)
        )

    def _refusal_of_form(self, profile: StationProfile) -> Refusal | None:
        units = self._spec.rate_units
        if profile.unit not in units:
            return Refusal(code="UnsupportedRateUnit", detail=f"this station takes {' and '.join(sorted(units))}")
        if profile.kind == "Recurring":
            return Refusal(code="UnsupportedKind", detail="this station does not know recurring profiles")
        if not 0 <= profile.stack_level <= MAX_STACK_LEVEL:
            return Refusal(code="InvalidStackLevel", detail=f"stack levels go from 0 to {MAX_STACK_LEVEL}")
        return self._refusal_of_periods(profile)

    def _refusal_of_periods(self, profile: StationProfile) -> Refusal | None:
        starts = [period.start_seconds for period in profile.periods]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            return Refusal(code="InvalidSchedule", detail="periods must start at 0 and go upward")
        if len(starts) > MAX_PERIODS:
            return Refusal(code="InvalidSchedule", detail=f"at most {MAX_PERIODS} periods, not {len(starts)}")
        if not self._spec.bidirectional and any(period.limit < 0 for period in profile.periods):
            return Refusal(code="InvalidSchedule", detail="this station cannot discharge")
        return None

    def _refusal_of_place(self, profile: StationProfile, transaction_id: str | None) -> Refusal | None:
        if profile.purpose not in (STATION_MAX, TX_DEFAULT, TX):
            return Refusal(code="UnsupportedPurpose", detail=f"{profile.purpose} cannot be set")
        if not 0 <= profile.evse_id <= self._spec.evses:
            return Refusal(code="UnknownEVSE", detail=f"there is no EVSE {profile.evse_id}")
        if profile.purpose == STATION_MAX and (profile.evse_id != 0 or profile.start is None):
            return Refusal(code="InvalidProfile", detail="a station's maximum is absolute and for EVSE 0")
        if profile.purpose == TX:
            if profile.evse_id == 0:
                return Refusal(code="InvalidProfile", detail="a TxProfile is for one EVSE")
            if transaction_id is None or profile.transaction_id not in (None, transaction_id):
                return Refusal(code="TxNotFound", detail=f"transaction {profile.transaction_id} does not run here")
        return None

    def _refusal_of_duplicate(self, profile: StationProfile) -> Refusal | None:
        if self._replace_equal_stack:
            return None
        for other in self._profiles:
            if other.id != profile.id and _same_place(profile, other) and _overlap(profile, other):
                detail = f"profile {other.id} has the same purpose, stack level and EVSE"
                return Refusal(code="DuplicateProfile", detail=detail)
        return None


def _same_place(one: StationProfile, other: StationProfile) -> bool:
    return (one.purpose, one.stack_level, one.evse_id) == (other.purpose, other.stack_level, other.evse_id)


def _overlap(one: StationProfile, other: StationProfile) -> bool:
    ends_before = one.valid_to and other.valid_from and one.valid_to <= other.valid_from
    starts_after = one.valid_from and other.valid_to and one.valid_from >= other.valid_to
    return not (ends_before or starts_after)
