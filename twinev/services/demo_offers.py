"""What the demonstration offers to drivers: a tariff that follows the market, and a shared vehicle at each site."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from twinev.domain.charge_points import Site
from twinev.domain.tariffs import PriceComponent, TariffAssignment, TariffDimension, TariffElement
from twinev.domain.vehicle_booking import Vehicle
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.publish_tariff import TariffDraft, assign_tariff, publish_first

TARIFF_ID = "demonstration"
_BY = "demonstration"
_VAT_PERCENT = Decimal(21)


def set_up_offers(sites: Iterable[Site], *, work: UnitOfWork, now: datetime) -> None:
    """Publish the tariff, let it rule at each site, and park a shared vehicle there; the caller commits."""
    publish_first(_tariff(), TARIFF_ID, by=_BY, work=work, now=now)
    for site in sites:
        rule = TariffAssignment(site_id=site.id, tariff_id=TARIFF_ID, since=now, assigned_by=_BY)
        assign_tariff(rule, work=work)
        work.vehicles.save(_shared_vehicle(site))


def _tariff() -> TariffDraft:
    """The market's price and 0.12 € a kWh; where nobody announced the price, 0.22 € in all. Without VAT."""
    energy = PriceComponent(
        type=TariffDimension.ENERGY,
        price=Decimal("0.12"),
        market_fallback=Decimal("0.22"),
        vat_percent=_VAT_PERCENT,
    )
    start = PriceComponent(type=TariffDimension.FLAT, price=Decimal("0.25"), vat_percent=_VAT_PERCENT)
    return TariffDraft(
        name="Hour by hour",
        currency="EUR",
        elements=(TariffElement(price_components=(energy, start)),),
        text="The day-ahead price of each quarter of an hour and 0.12 € a kWh; 0.25 € a start; VAT comes on top.",
    )


def _shared_vehicle(site: Site) -> Vehicle:
    return Vehicle(id=f"shared-{site.id}", name="Shared hatchback", site_id=site.id, battery_kwh=50, max_ac_kw=11)
