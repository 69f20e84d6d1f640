"""The price at a charge point by the tariff that rules there, else by what is known otherwise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from twinev.domain.tariffs import Tariff
from twinev.services.estimate_cost import IntendedSession, estimate_by
from twinev.services.ports.station_price import IntendedStay, PriceOfStation
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.publish_tariff import RulingTariffs

#: A stay in which less is charged is priced as if it were so much, lest its fees be those of no energy. [kWh]
LEAST_KWH = 1.0


class TariffPrice:
    """`twinev.services.ports.station_price.PriceOfStation` over the tariffs, and ``otherwise`` where there is none."""

    def __init__(self, work: UnitOfWork, *, otherwise: PriceOfStation) -> None:
        self._work = work
        self._otherwise = otherwise
        self._tariffs = RulingTariffs(work)
        self._known: dict[tuple[object, ...], float | None] = {}

    def mean_eur_per_kwh(self, stay: IntendedStay) -> float | None:
        """All that the stay costs, with VAT, time and fees, by the kWh; None for a tariff in another currency."""
        tariff = self._tariffs.at(stay.site.id, stay.station.id, stay.evse.id, stay.start)
        if tariff is None:
            return self._otherwise.mean_eur_per_kwh(stay)
        if tariff.currency != "EUR":
            return None
        # Alike at every EVSE of a site where the same tariff rules.
        key = (stay.site.id, tariff.id, tariff.version, stay.start, stay.end, stay.energy_kwh, stay.charging_minutes)
        if key not in self._known:
            self._known[key] = self._priced(tariff, stay)
        return self._known[key]

    def _priced(self, tariff: Tariff, stay: IntendedStay) -> float:
        energy_kwh = Decimal(repr(round(max(stay.energy_kwh, LEAST_KWH), 3)))
        cost = estimate_by(tariff, _intended(stay, energy_kwh), site=stay.site, work=self._work)
        return float(cost.total.incl_vat / energy_kwh)


def _intended(stay: IntendedStay, energy_kwh: Decimal) -> IntendedSession:
    stay_minutes = (stay.end - stay.start) / timedelta(minutes=1)
    # Who wants no energy charges for no time: the least that is priced is then spread over the stay.
    charging_minutes = min(stay.charging_minutes, stay_minutes) or stay_minutes
    return IntendedSession(
        station_id=stay.station.id,
        evse_id=stay.evse.id,
        start=stay.start,
        energy_kwh=energy_kwh,
        charging_minutes=charging_minutes,
        parking_minutes=stay_minutes - charging_minutes,
    )
