"""A scenario: which stations are simulated, whose EVs come when, and what goes wrong; read from JSON files or made up.

    {"url": "ws://127.0.0.1:9000/ocpp", "id_tokens": ["CARD-1", …],
     "stations": [{"id": "A-1", "ocpp": "2.1", "evses": 2, "max_kw": 22, …}],
     "every_station": {"max_kw": 22, …},
     "arrivals": [{"station": "A-1", "at_seconds": 30, "energy_kwh": 20, "stay_minutes": 90, …}],
     "faults": [{"station": "A-1", "at_seconds": 600, "kind": "offline", "seconds": 120}, …]}

Every part may be left out, and the parts may lie in several files. `docs/simulator.md` describes all keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinev.errors import BadInput
from twinev.simulator.arrivals import Arrivals, read_arrivals
from twinev.simulator.faults import read_faults
from twinev.simulator.fleet import StationSpec, make_stations, read_station

PARTS = ("url", "id_tokens", "stations", "every_station", "arrivals", "faults")
# What may be said where the stations are given, as by `twinev up`.
PARTS_BESIDE_STATIONS = ("arrivals", "faults")
CARDS_PER_EVSE = 2


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``arrivals`` is None where the seed decides who comes; ``url`` where the scenario does not say it."""

    stations: tuple[StationSpec, ...]
    id_tokens: tuple[str, ...]
    url: str | None = None
    arrivals: Arrivals | None = None
    faults: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def read_scenario(paths: Sequence[Path], *, stations: int | None = None, ocpp: str | None = None) -> Scenario:
    """Read a scenario's files, and make ``stations`` stations that speak ``ocpp`` up where no file names any.

    Raises
    ------
    BadInput
        Names the file or the key, what it holds and what is allowed.
    """
    parts = _parts(paths)
    specs = _stations(parts, stations, ocpp)
    if len({spec.id for spec in specs}) < len(specs):
        raise BadInput("stations", sorted(spec.id for spec in specs), "ids that are all different")
    arrivals = parts.get("arrivals")
    return Scenario(
        stations=specs,
        id_tokens=_id_tokens(parts, specs),
        url=parts.get("url"),
        arrivals=None if arrivals is None else read_arrivals(arrivals, specs),
        faults=read_faults(parts.get("faults", []), specs),
    )


def require_parts(path: Path, allowed: Sequence[str]) -> None:
    """Raise `BadInput` when the file cannot be read or has other parts than ``allowed``."""
    if unknown := _read(path).keys() - set(allowed):
        raise BadInput("scenario", sorted(unknown), f"{' and '.join(allowed)} alone ({path})")


def _parts(paths: Sequence[Path]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for path in paths:
        content = _read(path)
        if unknown := content.keys() - set(PARTS):
            raise BadInput("scenario", sorted(unknown), f"the keys {', '.join(PARTS)} ({path})")
        if twice := parts.keys() & content.keys():
            raise BadInput("scenario", sorted(twice), f"each part in one file only ({path})")
        parts |= content
    return parts


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput("scenario", str(path), f"a file that can be read ({error.strerror})") from error
    except ValueError as error:
        raise BadInput("scenario", str(path), f"a JSON file ({error})") from error
    if not isinstance(content, dict):
        raise BadInput("scenario", str(path), f"an object with some of {', '.join(PARTS)}")
    return content


def _stations(parts: Mapping[str, Any], count: int | None, ocpp: str | None) -> tuple[StationSpec, ...]:
    common = parts.get("every_station", {})
    if not isinstance(common, dict):
        raise BadInput("every_station", common, "an object with what all stations have in common")
    if "stations" not in parts:
        return make_stations(count=count or 1, ocpp=ocpp or "2.0.1", common=common)
    if count is not None or ocpp is not None:
        raise BadInput("stations", count or ocpp, "no --stations and --ocpp beside a scenario that names its stations")
    entries = parts["stations"]
    if not isinstance(entries, list) or not entries:
        raise BadInput("stations", entries, "a list of at least one station")
    return tuple(read_station(f"stations[{place}]", entry, common) for place, entry in enumerate(entries))


def _id_tokens(parts: Mapping[str, Any], specs: Sequence[StationSpec]) -> tuple[str, ...]:
    if "id_tokens" not in parts:
        numbers = range(1, CARDS_PER_EVSE * sum(spec.evses for spec in specs) + 1)
        return tuple(f"SIM-CARD-{number:03d}" for number in numbers)
    tokens = parts["id_tokens"]
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise BadInput("id_tokens", tokens, "a list of at least one id token")
    return tuple(tokens)
