"""Tells before charging what it would cost at an EVSE, by the prices that are known now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import Site
from twinev.domain.checks import require_utc
from twinev.domain.money import require_amount
from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import Tariff
from twinev.errors import BadInput, NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.pricing.energy_curve import EnergyCurve, Reading
from twinev.services.pricing.market_prices import MarketPrices, market_prices
from twinev.services.pricing.session_cost import cost_of
from twinev.services.publish_tariff import tariff_at

#: Nobody knows prices beyond it.
FARTHEST = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class IntendedSession:
    """What somebody wants to charge: evenly for ``charging_minutes``, then parked for ``parking_minutes``."""

    station_id: str
    evse_id: int
    start: datetime
    energy_kwh: Decimal
    charging_minutes: float
    parking_minutes: float = 0.0


def estimate_cost(intended: IntendedSession, *, work: UnitOfWork, now: datetime) -> SessionCost:
    """Price a session that has not begun, by the tariff that rules at the place.

    Raises
    ------
    NotFound
        Nobody knows the station or its EVSE.
    BadInput
        The session would begin more than a year from now.
    """
    if abs(require_utc("start", intended.start) - now) > FARTHEST:
        allowed = f"a time within {FARTHEST.days} days of now, {now.isoformat()}"
        raise BadInput("start", intended.start.isoformat(), allowed)
    station = work.stations.get(intended.station_id)
    if all(evse.id != intended.evse_id for evse in station.evses):
        raise NotFound(f"EVSE of the station {station.id}", intended.evse_id)
    site = work.sites.get(station.site_id)
    tariff = tariff_at(site.id, station.id, intended.evse_id, intended.start, work=work)
    return estimate_by(tariff, intended, site=site, work=work)


def estimate_by(tariff: Tariff | None, intended: IntendedSession, *, site: Site, work: UnitOfWork) -> SessionCost:
    """The same by a tariff that is known to rule at the place."""
    curve = _curve(intended)
    market = MarketPrices(start=curve.start)
    if tariff is not None and tariff.follows_market:
        market = market_prices(work.series, site.price_zone, curve.start, curve.end)
    return cost_of(curve, tariff, zone=ZoneInfo(site.time_zone), market=market)


def _curve(intended: IntendedSession) -> EnergyCurve:
    energy_kwh = require_amount("energy_kwh", intended.energy_kwh, at_least=Decimal(0))
    charged = intended.start + timedelta(minutes=intended.charging_minutes)
    readings = [Reading(at=intended.start, kwh=Decimal(0)), Reading(at=charged, kwh=energy_kwh)]
    if intended.parking_minutes > 0:
        readings.append(Reading(at=charged + timedelta(minutes=intended.parking_minutes), kwh=energy_kwh))
    return EnergyCurve(readings=tuple(readings))
