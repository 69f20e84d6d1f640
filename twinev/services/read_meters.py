"""What a session's meter samples say about it: the energy so far, and the power now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession

REGISTER = "Energy.Active.Import.Register"
EXPORT_REGISTER = "Energy.Active.Export.Register"
IMPORT = "Power.Active.Import"
EXPORT = "Power.Active.Export"
_PHASES = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})


def with_samples(session: ChargingSession, samples: Iterable[Sample]) -> ChargingSession:
    """Return the session as it is known after ``samples``; older ones than the last taken in change nothing."""
    # Only the outlet is what the EV draws; inlet and body meters see the station's own use.
    at_outlet = sorted((sample for sample in samples if sample.location == "Outlet"), key=attrgetter("timestamp"))
    for at, together in groupby(at_outlet, key=attrgetter("timestamp")):
        if session.measured_at is None or at >= session.measured_at:
            session = _with_readings(session, at, tuple(together))
    return session


def register_kwh(samples: Sequence[Sample]) -> float | None:
    """The energy register in samples of one instant; None when it is not among them. [kWh]"""
    return total_of(samples, REGISTER)


def _with_readings(session: ChargingSession, at: datetime, samples: Sequence[Sample]) -> ChargingSession:
    imported_kwh, exported_kwh = register_kwh(samples), total_of(samples, EXPORT_REGISTER)
    power_kw = net_power_kw(samples)
    if imported_kwh is None and exported_kwh is None and power_kw is None:
        return session
    read = session
    if exported_kwh is not None:
        start_kwh = exported_kwh if session.export_start_kwh is None else session.export_start_kwh
        read = with_returned(replace(session, export_start_kwh=start_kwh), max(exported_kwh - start_kwh, 0.0))
    if imported_kwh is not None:
        start_kwh = imported_kwh if session.meter_start_kwh is None else session.meter_start_kwh
        energy_kwh = max(imported_kwh - start_kwh, 0.0) - read.returned_kwh
        read = replace(read, meter_start_kwh=start_kwh, energy_kwh=energy_kwh)
    if power_kw is None:
        power_kw = _mean_power_kw(session, at, read.energy_kwh)
    return replace(read, power_kw=power_kw, measured_at=at)


def with_returned(session: ChargingSession, returned_kwh: float) -> ChargingSession:
    """Return the session with what its EV gave back so far, which its net energy lacks."""
    more_kwh = returned_kwh - session.returned_kwh
    return replace(session, returned_kwh=returned_kwh, energy_kwh=session.energy_kwh - more_kwh)


def net_power_kw(samples: Sequence[Sample]) -> float | None:
    """The power in samples of one instant, import less export; None when neither is among them. [kW]"""
    imported, exported = total_of(samples, IMPORT), total_of(samples, EXPORT)
    if imported is None and exported is None:
        return None
    return (imported or 0.0) - (exported or 0.0)


def _mean_power_kw(session: ChargingSession, at: datetime, energy_kwh: float) -> float:
    """Many stations send their register alone: its slope is the mean power since the last reading. [kW]"""
    since = session.measured_at or session.started_at
    hours = (at - since).total_seconds() / 3600
    return session.power_kw if hours <= 0 else (energy_kwh - session.energy_kwh) / hours


def total_of(samples: Sequence[Sample], measurand: str) -> float | None:
    """The value over all phases: as the station states it, else the sum of its phases."""
    of_kind = [sample for sample in samples if sample.measurand == measurand]
    whole = [sample.value for sample in of_kind if sample.phase is None]
    if whole:
        return whole[-1]
    phases = {sample.phase: sample.value for sample in of_kind if sample.phase in _PHASES}
    return sum(phases.values()) if phases else None
