"""What flowed at a station and when, from its energy registers alone: no plan, and no power that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from twinev.wire.rest.sessions import MeterValueOut

IMPORT, EXPORT = "Energy.Active.Import.Register", "Energy.Active.Export.Register"


@dataclass(frozen=True, kw_only=True)
class Register:
    """An energy register's readings since the plug-in, joined by straight lines, and level before and after. [kWh]"""

    times: tuple[datetime, ...]
    readings_kwh: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[MeterValueOut]) -> Register:
        """Read it from a session's values of one register; one that the station does not have stands still at 0."""
        read = sorted((value.timestamp, value.value) for value in values)
        begin_kwh = read[0][1] if read else 0.0
        return cls(times=tuple(at for at, _ in read), readings_kwh=tuple(kwh - begin_kwh for _, kwh in read))

    @property
    def total_kwh(self) -> float:
        return self.readings_kwh[-1] if self.readings_kwh else 0.0

    def by(self, instant: datetime) -> float:
        """What had flowed by then. [kWh]"""
        if not self.times:
            return 0.0
        return float(np.interp(instant.timestamp(), [at.timestamp() for at in self.times], self.readings_kwh))

    def within(self, start: datetime, end: datetime) -> float:
        """What flowed from ``start`` to ``end``. [kWh]"""
        return self.by(end) - self.by(start)

    def reaches(self, kwh: float) -> datetime:
        """When so much had flowed.

        Raises
        ------
        AssertionError
            It never had.
        """
        for (start, low), (end, high) in pairwise(zip(self.times, self.readings_kwh, strict=True)):
            if low < kwh <= high:
                return start + (end - start) * ((kwh - low) / (high - low))
        raise AssertionError(f"{kwh:g} kWh have never flowed, only {self.total_kwh:g}")


def mean_kw(registers: Iterable[Register], start: datetime, end: datetime) -> float:
    """The mean from ``start`` to ``end`` of what several stations drew together. [kW]"""
    return sum(register.within(start, end) for register in registers) / ((end - start) / timedelta(hours=1))


def cost_eur(register: Register, prices: Sequence[float], *, start: datetime, step: timedelta) -> float:
    """Energy of each slot times its price, from ``start`` on. [€]"""
    edges = [start + number * step for number in range(len(prices) + 1)]
    return sum(register.within(*slot) * price for slot, price in zip(pairwise(edges), prices, strict=True))
