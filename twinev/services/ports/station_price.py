"""What a kWh costs at a charge point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from twinev.domain.charge_points import ChargingStation, Evse, Site


@dataclass(frozen=True, kw_only=True)
class IntendedStay:
    """A stay at an EVSE over [start, end), charging ``energy_kwh`` in ``charging_minutes`` of it. [kWh, min]"""

    station: ChargingStation
    evse: Evse
    site: Site
    start: datetime
    end: datetime
    energy_kwh: float
    charging_minutes: float


class PriceOfStation(Protocol):
    """Prices as a driver would pay them."""

    def mean_eur_per_kwh(self, stay: IntendedStay) -> float | None:
        """The mean price of a kWh of the stay; None where nobody knows it. [€/kWh]"""
