"""What a kWh costs at a charge point."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from twinev.domain.charge_points import ChargingStation, Site


class PriceOfStation(Protocol):
    """Prices as a driver would pay them."""

    def mean_eur_per_kwh(self, station: ChargingStation, site: Site, start: datetime, end: datetime) -> float | None:
        """The mean price of a kWh at the station over [start, end); None where nobody knows it. [€/kWh]"""
