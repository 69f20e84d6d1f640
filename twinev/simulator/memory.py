"""What a station remembers over a restart, as one JSON file per station, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import orjson
from pydantic import TypeAdapter

from twinev.simulator.drivers import Visit
from twinev.simulator.ev import EvState
from twinev.simulator.limits import StationProfile
from twinev.simulator.reservation import KeptEvse


@dataclass(kw_only=True)
class PluggedEv:
    """The EV that stands at the station; ``wants_transaction`` until one was started, or refused."""

    visit: Visit
    state: EvState
    departs_at: datetime
    wants_transaction: bool = True

    @property
    def wanted_kwh(self) -> float:
        """What the driver still wants, counted from now, at the EVSE."""
        return round(self.state.remaining_kwh, 3)


@dataclass(kw_only=True)
class Transaction:
    """The transaction that runs at an EVSE. ``id`` is the station's own name of it, ``csms_id`` the CSMS's (OCPP 1.6).

    ``started_at`` is what the station's clock showed; ``next_sample_at`` is true time.
    """

    id: str
    evse_id: int
    id_token: str
    started_at: datetime
    meter_start_wh: float
    next_sample_at: datetime
    seq_no: int = 0
    csms_id: str | None = None
    charging_state: str | None = None
    limit_kw: float | None = None
    settling_from_kw: float | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None


@dataclass(kw_only=True)
class EvseMemory:
    """One EVSE: its meter's two registers, the EV that stands there, the transaction that runs, for whom it is kept."""

    id: int
    imported_wh: float = 0.0
    exported_wh: float = 0.0
    visits_made: int = 0
    plugged: PluggedEv | None = None
    transaction: Transaction | None = None
    kept: KeptEvse | None = None


@dataclass(kw_only=True)
class StationMemory:
    """``at`` is the (true) time up to which the station has lived.

    ``csms_ids`` maps the transactions that queued messages speak of to the ids that the CSMS allotted them. The clock
    was ``clock_ahead_seconds`` ahead at ``clock_set_at``.
    """

    at: datetime
    clock_set_at: datetime
    evses: list[EvseMemory]
    clock_ahead_seconds: float = 0.0
    csms_ids: dict[str, str] = field(default_factory=dict)
    profiles: tuple[StationProfile, ...] = ()


_ADAPTER = TypeAdapter(StationMemory)


def new_memory(at: datetime, *, evses: int) -> StationMemory:
    """What a station knows that was never on before."""
    numbers = range(1, evses + 1)
    return StationMemory(at=at, clock_set_at=at, evses=[EvseMemory(id=number) for number in numbers])


class MemoryFile:
    """Where a station's memory is kept; without a directory nowhere."""

    def __init__(self, directory: Path | None, station_id: str) -> None:
        # Any text is a legal station id: here it becomes one safe file name.
        name = quote(station_id, safe="")
        self._path = None if directory is None else directory / f"{name}.json"
        self.queue_path = None if directory is None else directory / f"{name}.queue.jsonl"
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def load(self) -> StationMemory | None:
        if self._path is None or not self._path.exists():
            return None
        return _ADAPTER.validate_json(self._path.read_bytes())

    def save(self, memory: StationMemory) -> None:
        """Replace the file; a reader sees the old one or the new one, never half of it."""
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        draft.write_bytes(orjson.dumps(memory))
        draft.replace(self._path)
