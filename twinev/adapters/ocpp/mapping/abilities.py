"""What a station can do with charging profiles, as it says itself; the defaults are the safe ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RateUnit(StrEnum):
    """OCPP ChargingRateUnit: watts of all phases together, or amperes per phase."""

    WATT = "W"
    AMPERE = "A"


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """How profiles must look for this station.

    Without a word from the station the unit is W: a limit in W means the same whatever number of phases the EV uses,
    while one in A times a wrong number of phases would be too high. A station that takes only A refuses, which is seen.
    Without ``max_periods`` a schedule is sent whole: merging periods costs the driver energy, and a refusal is seen.
    ``max_profiles`` is how many profiles it keeps. Only ``discharging_evses`` are ever told to discharge.
    """

    rate_unit: RateUnit = RateUnit.WATT
    max_periods: int | None = None
    max_stack_level: int | None = None
    max_profiles: int | None = None
    discharging_evses: frozenset[int] = frozenset()


def rate_unit_of(words: Iterable[str], *, watt: str, ampere: str) -> RateUnit:
    """The unit to use for a station that names its units; W where it takes both."""
    named = {word.strip().lower() for word in words}
    if ampere.lower() in named and watt.lower() not in named:
        return RateUnit.AMPERE
    return RateUnit.WATT


def count_of(text: str | None, *, at_least: int) -> int | None:
    """A whole number that a station reported; None where it is missing or makes no sense."""
    try:
        count = int(text or "")
    except ValueError:
        return None
    return count if count >= at_least else None


def is_true(text: str | None) -> bool:
    """Whether a station answered a yes-or-no question with yes."""
    return (text or "").strip().lower() == "true"
