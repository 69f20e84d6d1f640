"""Which stations are simulated: read from a fleet file, or made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinev.domain.checks import require_finite, require_text
from twinev.errors import BadInput

OCPP_VERSIONS = ("1.6", "2.0.1")
RATE_UNITS = ("A", "W")


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


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Stations, the id tokens that their drivers hold, and where the CSMS is, if the file says it."""

    stations: tuple[StationSpec, ...]
    id_tokens: tuple[str, ...]
    url: str | None = None


def read_fleet(path: Path) -> Fleet:
    """Read a fleet file.

    Raises
    ------
    BadInput
        It is not there, not JSON, or a value in it cannot be used.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput("fleet", str(path), f"a file that can be read ({error.strerror})") from error
    except ValueError as error:
        raise BadInput("fleet", str(path), f"a JSON file ({error})") from error
    try:
        stations = tuple(_station(entry) for entry in content["stations"])
        id_tokens = tuple(content["id_tokens"])
    except (KeyError, TypeError) as error:
        raise BadInput("fleet", str(path), f"an object with stations and id_tokens ({error})") from error
    if not stations or not id_tokens:
        raise BadInput("fleet", str(path), "at least one station and one id token")
    return Fleet(stations=stations, id_tokens=id_tokens, url=content.get("url"))


def make_fleet(*, stations: int, ocpp: str) -> Fleet:
    """``stations`` equal stations SIM-001, SIM-002… without keys."""
    if stations < 1:
        raise BadInput("stations", stations, "a whole number of at least 1")
    numbers = range(1, stations + 1)
    return Fleet(
        stations=tuple(StationSpec(id=f"SIM-{number:03d}", ocpp=ocpp) for number in numbers),
        id_tokens=tuple(f"SIM-CARD-{number:03d}" for number in range(1, 2 * stations + 1)),
    )


def _station(entry: Mapping[str, Any]) -> StationSpec:
    known = {name: entry[name] for name in StationSpec.__dataclass_fields__ if name in entry}
    return StationSpec(**known)
