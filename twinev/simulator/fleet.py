"""How a simulated station is built, and a fleet of equal ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twinev.domain.checks import require_finite, require_text
from twinev.errors import BadInput

OCPP_VERSIONS = ("1.6", "2.0.1")
RATE_UNITS = ("A", "W")
# A fleet file may say these too: they are for who draws the stations on a map.
FOR_MAPS = ("name", "latitude_degrees", "longitude_degrees", "connector_type")


@dataclass(frozen=True, kw_only=True)
class StationSpec:
    """A station with one EVSE, as it is built.

    ``rate_unit`` is the one unit of charging rates that it accepts; None accepts both. ``key`` is its password for
    HTTP basic authentication (security profile 1); None connects without one.
    """

    id: str
    ocpp: str
    max_kw: float = 11.0
    phases: int = 3
    site_id: str = ""
    rate_unit: str | None = None
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        require_text("stations[].id", self.id, longest=48)
        require_finite(f"station {self.id}: max_kw", self.max_kw, at_least=0.1)
        if self.ocpp not in OCPP_VERSIONS:
            raise BadInput(f"station {self.id}: ocpp", self.ocpp, " or ".join(OCPP_VERSIONS))
        if self.phases not in (1, 3):
            raise BadInput(f"station {self.id}: phases", self.phases, "1 or 3")
        if self.rate_unit not in (None, *RATE_UNITS):
            raise BadInput(f"station {self.id}: rate_unit", self.rate_unit, "A, W, or nothing for both")

    @property
    def rate_units(self) -> frozenset[str]:
        return frozenset(RATE_UNITS if self.rate_unit is None else (self.rate_unit,))

    @property
    def preferred_unit(self) -> str:
        return self.rate_unit or "W"


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
