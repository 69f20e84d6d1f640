"""A station's energy meter: what it reads at an instant, as the samples that both OCPP versions report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from twinev.simulator.ev import VOLTAGE_V

PERIODIC = "Sample.Periodic"
BEGIN = "Transaction.Begin"
END = "Transaction.End"
TRIGGERED = "Trigger"
OTHER = "Other"


@dataclass(frozen=True, kw_only=True)
class MeterSample:
    """One measured value as it is sent: energy in Wh, power in W, current in A, state of charge in percent."""

    measurand: str
    value: float
    unit: str
    phase: str | None = None
    location: str = "Outlet"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All samples of one instant; ``context`` says why it was taken (OCPP's ReadingContext)."""

    at: datetime
    context: str
    samples: tuple[MeterSample, ...]


def read_meter(
    *, at: datetime, context: str, register_wh: float, power_kw: float, phases: int, soc: float | None
) -> Reading:
    """Read the meter; ``soc`` (0–1) where the EV tells it."""
    current_a = power_kw * 1000 / (VOLTAGE_V * phases)
    samples = [
        MeterSample(measurand="Energy.Active.Import.Register", value=round(register_wh, 1), unit="Wh"),
        MeterSample(measurand="Power.Active.Import", value=round(power_kw * 1000, 1), unit="W"),
    ]
    samples += [
        MeterSample(measurand="Current.Import", value=round(current_a, 2), unit="A", phase=f"L{phase}")
        for phase in range(1, phases + 1)
    ]
    if soc is not None:
        samples.append(MeterSample(measurand="SoC", value=round(soc * 100, 1), unit="Percent", location="EV"))
    return Reading(at=at, context=context, samples=tuple(samples))


def read_register(*, at: datetime, context: str, register_wh: float) -> Reading:
    """Read the energy register alone, as at a transaction's begin and end."""
    sample = MeterSample(measurand="Energy.Active.Import.Register", value=round(register_wh, 1), unit="Wh")
    return Reading(at=at, context=context, samples=(sample,))


def timestamp(at: datetime) -> str:
    """An instant as OCPP writes it: RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_millisecond(at: datetime) -> datetime:
    """Cut to the millisecond, the finest that a message can say."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
