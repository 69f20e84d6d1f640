"""How a simulated station is built and how it behaves, and a fleet of equal ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from twinev.domain.checks import require_finite, require_text
from twinev.errors import BadInput

OCPP_VERSIONS = ("1.6", "2.0.1", "2.1")
RATE_UNITS = ("A", "W")
# A scenario may say these too: they are for who draws the stations on a map.
FOR_MAPS = ("name", "latitude_degrees", "longitude_degrees", "connector_type")


class ProfileManner(StrEnum):
    """What a station does at SetChargingProfile."""

    OBEYED = "obeyed"
    REJECTED = "rejected"
    NOT_SUPPORTED = "not_supported"
    CALL_ERROR = "call_error"
    SILENT = "silent"
    # Accepted, told in the composite schedule, and not followed.
    IGNORED = "ignored"


class ClockSetting(StrEnum):
    """By which answer of the CSMS a station sets its clock."""

    HEARTBEAT = "heartbeat"
    BOOT = "boot"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class StationSpec:
    """A station as it is built.

    Parameters
    ----------
    evses : int
        How many EVs it serves at a time; each EVSE has one connector (OCPP 1.6: connectors 1, 2, …).
    max_kw : float
        What one EVSE gives at most. [kW]
    discharge_kw : float
        What one EVSE takes back at most; above 0 the station is V2G-capable and says so. [kW]
    rate_unit : str or None
        The one unit of charging rates that it accepts; None accepts both.
    key : str or None
        Its password for HTTP basic authentication (security profile 1); None connects without one.
    profiles : ProfileManner
        What it does with charging profiles.
    clock_drift_seconds_per_hour : float
        How fast its clock runs ahead (or, negative, falls behind). [s/h]
    clock_set_by : ClockSetting
        What corrects a clock that drifts; a boot's answer always does, unless it is ``never``.
    message_ids_reset, transaction_ids_reset : bool
        Whether these are counters that begin anew at each reboot, as some firmware has them.
    offline_per_hour, offline_seconds : float
        How often its connection fails, at moments drawn from the seed, and for how long. [1/h], [platform s]
    """

    id: str
    ocpp: str
    evses: int = 1
    max_kw: float = 11.0
    phases: int = 3
    discharge_kw: float = 0.0
    site_id: str = ""
    rate_unit: str | None = None
    key: str | None = field(default=None, repr=False)
    profiles: ProfileManner = ProfileManner.OBEYED
    clock_drift_seconds_per_hour: float = 0.0
    clock_set_by: ClockSetting = ClockSetting.HEARTBEAT
    message_ids_reset: bool = False
    transaction_ids_reset: bool = False
    offline_per_hour: float = 0.0
    offline_seconds: float = 60.0

    def __post_init__(self) -> None:
        require_text("stations[].id", self.id, longest=48)
        where = f"station {self.id}"
        require_finite(f"{where}: max_kw", self.max_kw, at_least=0.1)
        require_finite(f"{where}: discharge_kw", self.discharge_kw, at_least=0)
        require_finite(f"{where}: offline_per_hour", self.offline_per_hour, at_least=0, at_most=60)
        require_finite(f"{where}: offline_seconds", self.offline_seconds, at_least=0)
        # A clock may not stand still or run backward.
        drift = self.clock_drift_seconds_per_hour
        require_finite(f"{where}: clock_drift_seconds_per_hour", drift, at_least=-1800, at_most=1800)
        for key, allowed in (
            ("ocpp", OCPP_VERSIONS),
            ("phases", (1, 3)),
            ("rate_unit", (None, *RATE_UNITS)),
            ("profiles", tuple(ProfileManner)),
            ("clock_set_by", tuple(ClockSetting)),
            ("message_ids_reset", (True, False)),
            ("transaction_ids_reset", (True, False)),
        ):
            if getattr(self, key) not in allowed:
                shown = ", ".join("null" if one is None else str(one) for one in allowed)
                raise BadInput(f"{where}: {key}", getattr(self, key), f"one of {shown}")
        # A scenario file has them as texts; what acts on them compares members.
        object.__setattr__(self, "profiles", ProfileManner(self.profiles))
        object.__setattr__(self, "clock_set_by", ClockSetting(self.clock_set_by))
        if not isinstance(self.evses, int) or not 1 <= self.evses <= 64:
            raise BadInput(f"{where}: evses", self.evses, "a whole number from 1 to 64")

    @property
    def rate_units(self) -> frozenset[str]:
        return frozenset(RATE_UNITS if self.rate_unit is None else (self.rate_unit,))

    @property
    def preferred_unit(self) -> str:
        return self.rate_unit or "W"

    @property
    def bidirectional(self) -> bool:
        return self.discharge_kw > 0


def read_station(where: str, entry: Any, common: Mapping[str, Any]) -> StationSpec:
    """The station of one entry of a scenario; ``common`` is what all stations have unless they say otherwise.

    Raises
    ------
    BadInput
        The entry lacks its id, or a value in it cannot be used.
    """
    if not isinstance(entry, dict):
        raise BadInput(where, entry, "an object")
    given = {**common, **entry}
    known = StationSpec.__dataclass_fields__.keys()
    if unknown := given.keys() - known - set(FOR_MAPS):
        raise BadInput(where, sorted(unknown), f"the keys {', '.join((*known, *FOR_MAPS))}")
    for key in ("id", "ocpp"):
        if key not in given:
            raise BadInput(f"{where}.{key}", None, "a text")
    return StationSpec(**{key: value for key, value in given.items() if key in known})


def make_stations(*, count: int, ocpp: str, common: Mapping[str, Any]) -> tuple[StationSpec, ...]:
    """``count`` equal stations SIM-001, SIM-002…"""
    if count < 1:
        raise BadInput("stations", count, "a whole number of at least 1")
    numbers = range(1, count + 1)
    return tuple(read_station("every_station", {"ocpp": ocpp, "id": f"SIM-{n:03d}"}, common) for n in numbers)
