"""An EVSE's energy meter: what it reads at an instant, as the samples that every OCPP version reports."""

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
    """All samples of one instant of the station's clock; ``context`` says why it was taken (OCPP's ReadingContext)."""

    at: datetime
    context: str
    samples: tuple[MeterSample, ...]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What an EVSE's meter measures at an instant; positive power charges the EV.

    ``exported_wh`` is None where the station has no such register; ``soc`` (0–1) where the EV does not tell it.
    """

    imported_wh: float
    exported_wh: float | None
    power_kw: float
    phases: int
    soc: float | None

    def samples(self) -> tuple[MeterSample, ...]:
        """Everything."""
        charging_w = max(0.0, self.power_kw) * 1000
        current_a = charging_w / (VOLTAGE_V * self.phases)
        samples = [*self.registers(), _sample("Power.Active.Import", charging_w, "W")]
        if self.exported_wh is not None:
            samples.append(_sample("Power.Active.Export", max(0.0, -self.power_kw) * 1000, "W"))
        samples += [
            MeterSample(measurand="Current.Import", value=round(current_a, 2), unit="A", phase=f"L{phase}")
            for phase in range(1, self.phases + 1)
        ]
        if self.soc is not None:
            samples.append(MeterSample(measurand="SoC", value=round(self.soc * 100, 1), unit="Percent", location="EV"))
        return tuple(samples)

    def registers(self) -> tuple[MeterSample, ...]:
        """The energy registers alone, as at a transaction's begin and end; the import register comes first."""
        imported = _sample("Energy.Active.Import.Register", self.imported_wh, "Wh")
        if self.exported_wh is None:
            return (imported,)
        return imported, _sample("Energy.Active.Export.Register", self.exported_wh, "Wh")


def _sample(measurand: str, value: float, unit: str) -> MeterSample:
    return MeterSample(measurand=measurand, value=round(value, 1), unit=unit)


def timestamp(at: datetime) -> str:
    """An instant as OCPP writes it: RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_millisecond(at: datetime) -> datetime:
    """Cut to the millisecond, the finest that a message can say."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
