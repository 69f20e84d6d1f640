"""Measured values: from the unit that a station used to kW and kWh."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from twinev.domain.facts import Sample

ENERGY_REGISTER = "Energy.Active.Import.Register"

_THOUSANDS = {"Wh": "kWh", "W": "kW"}
_USUAL_UNITS = (
    ("Energy.Reactive", "varh"),
    ("Energy", "Wh"),
    ("Power.Reactive", "var"),
    ("Power.Factor", ""),
    ("Power", "W"),
    ("Current", "A"),
    ("Voltage", "V"),
    ("SoC", "Percent"),
    ("Temperature", "Celsius"),
    ("Frequency", "Hz"),
    ("RPM", "RPM"),
)


def make_sample(
    *,
    timestamp: datetime,
    value: float,
    measurand: str | None,
    unit: str | None,
    phase: str | None,
    location: str | None,
    context: str | None,
) -> Sample | None:
    """A sample in the platform's units, with OCPP's defaults filled in; None when the value is not a finite number."""
    if not math.isfinite(value):
        return None
    measurand = measurand or ENERGY_REGISTER
    unit = unit or usual_unit(measurand)
    if unit in _THOUSANDS:
        value, unit = value / 1000, _THOUSANDS[unit]
    return Sample(
        timestamp=timestamp,
        measurand=measurand,
        value=value,
        unit=unit,
        phase=phase,
        location=location or "Outlet",
        context=context or "Sample.Periodic",
    )


@lru_cache(maxsize=256)
def usual_unit(measurand: str) -> str:
    """What a measurand is measured in when nothing is said."""
    return next((unit for start, unit in _USUAL_UNITS if measurand.startswith(start)), "")


def energy_register_kwh(samples: Iterable[Sample], context: str) -> float | None:
    """The meter's reading among ``samples``: the one taken in ``context``, else any. [kWh]"""
    registers = [
        sample
        for sample in samples
        if sample.measurand == ENERGY_REGISTER and sample.phase is None and sample.location == "Outlet"
    ]
    at_event = [sample for sample in registers if sample.context == context]
    chosen = at_event or registers
    return chosen[-1].value if chosen else None


def identity_digest(samples: Iterable[Sample]) -> str:
    """Stands for which values a message holds, not how large they are: two messages of one instant stay apart."""
    names, instant, text = [], None, ""
    for s in samples:
        if s.timestamp is not instant:  # The samples of one instant share it; writing it is what costs here.
            instant, text = s.timestamp, s.timestamp.isoformat()
        names.append(f"{text}|{s.measurand}|{s.phase}|{s.location}|{s.context}")
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:20]
