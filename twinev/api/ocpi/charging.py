"""Charging sessions and charge detail records as OCPI has them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from twinev.api.ocpi.desk import OcpiReader
from twinev.api.ocpi.locations import CONNECTOR_ID, connector_kind, coordinates, emi3_id
from twinev.api.ocpi.tariffs import ocpi_tariff
from twinev.api.ocpi.values import date_time, evse_uid, number, price, short_id
from twinev.domain.charge_detail_record import ChargeDetailRecord, ChargingPlace
from twinev.domain.charge_points import Location
from twinev.domain.session import ChargingSession
from twinev.domain.session_cost import ChargingPeriod, SessionCost
from twinev.domain.tariffs import Tariff
from twinev.services.pricing.market_prices import STEP, MarketPrices

_SECONDS_PER_HOUR = Decimal(3600)


def ocpi_session(session: ChargingSession, cost: SessionCost, reader: OcpiReader) -> dict[str, Any]:
    """The OCPI Session of one that runs or is over."""
    shown = {
        **reader.desk.owner,
        "id": short_id(session.id),
        "start_date_time": date_time(session.started_at),
        "kwh": number(cost.energy_kwh),
        "cdr_token": reader.cdr_token(session.id_token, session.id),
        "auth_method": "WHITELIST",
        "location_id": short_id(session.site_id),
        "evse_uid": evse_uid(session.station_id, session.evse_id),
        "connector_id": CONNECTOR_ID,
        "currency": cost.currency,
        "charging_periods": _periods(cost),
        "total_cost": price(cost.total),
        "status": "ACTIVE" if session.active else "COMPLETED",
        "last_updated": date_time(session.ended_at or session.measured_at or session.started_at),
    }
    return shown if session.ended_at is None else shown | {"end_date_time": date_time(session.ended_at)}


def ocpi_cdr(record: ChargeDetailRecord, reader: OcpiReader) -> dict[str, Any]:
    """The OCPI CDR of a record; of a credit the volumes are those of the record that it takes back."""
    cost = record.cost
    shown = {
        **reader.desk.owner,
        "id": short_id(record.id, 39),
        "start_date_time": date_time(record.started_at),
        "end_date_time": date_time(record.ended_at),
        "session_id": short_id(record.session_id),
        "cdr_token": reader.cdr_token(record.id_token, record.session_id),
        "auth_method": "WHITELIST",
        "cdr_location": _place(record.place, reader),
        "currency": cost.currency,
        "tariffs": [] if record.tariff is None else [_tariff(record, record.tariff, reader)],
        "charging_periods": _periods(cost),
        "total_cost": price(cost.total),
        "total_fixed_cost": price(cost.fixed),
        "total_energy": number(cost.energy_kwh),
        "total_energy_cost": price(cost.energy),
        "total_time": _hours(cost.charging_seconds + cost.parking_seconds),
        "total_time_cost": price(cost.time),
        "total_parking_time": _hours(cost.parking_seconds),
        "total_parking_cost": price(cost.parking),
        "credit": record.is_credit,
        "last_updated": date_time(record.made_at),
    }
    if record.credit_reference_id is not None:
        shown["credit_reference_id"] = short_id(record.credit_reference_id)
    return shown


def _periods(cost: SessionCost) -> list[dict[str, Any]]:
    return [_period(period, cost.tariff_id) for period in cost.periods]


def _period(period: ChargingPeriod, tariff_id: str | None) -> dict[str, Any]:
    volumes = {
        "ENERGY": number(period.energy_kwh),
        "TIME": _hours(period.charging_seconds),
        "PARKING_TIME": _hours(period.parking_seconds),
    }
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items() if volume or kind == "ENERGY"]
    shown = {"start_date_time": date_time(period.start), "dimensions": dimensions}
    return shown if tariff_id is None else shown | {"tariff_id": tariff_id}


def _hours(seconds: Decimal) -> float:
    return number(seconds / _SECONDS_PER_HOUR)


def _tariff(record: ChargeDetailRecord, tariff: Tariff, reader: OcpiReader) -> dict[str, Any]:
    """The tariff with the market's prices that were billed: what was announced later is no part of the record."""
    zone = ZoneInfo(record.place.time_zone)
    component = next(
        (part for element in tariff.elements for part in element.price_components if part.follows_market), None
    )
    if component is None:
        return ocpi_tariff(tariff, reader.desk, zone=zone, market=MarketPrices(start=record.started_at))
    begin = record.started_at.replace(minute=record.started_at.minute // 15 * 15, second=0, microsecond=0)
    count = -int((begin - record.ended_at) // STEP)
    prices: list[Decimal | None] = [None] * max(count, 1)
    for period in record.cost.periods:
        first, last = (period.start - begin) // STEP, -int((begin - period.end) // STEP)
        if period.price_per_kwh is not None:
            prices[first:last] = [period.price_per_kwh - component.price] * (last - first)
    market = MarketPrices(start=begin, eur_per_kwh=tuple(prices))
    return ocpi_tariff(tariff, reader.desk, zone=zone, market=market)


def _place(place: ChargingPlace, reader: OcpiReader) -> dict[str, Any]:
    at = Location(latitude_degrees=place.latitude_degrees, longitude_degrees=place.longitude_degrees)
    kind = connector_kind(place.connector_type, place.phases)
    return {
        "id": short_id(place.site_id),
        "name": place.site_name[:255],
        "address": place.site_name[:45],
        "city": place.site_name[:45],
        "postal_code": "",
        "country": reader.desk.country,
        "coordinates": coordinates(at),
        "evse_uid": evse_uid(place.station_id, place.evse_id),
        "evse_id": emi3_id(reader.desk, place.station_id, place.evse_id),
        "connector_id": CONNECTOR_ID,
        "connector_standard": kind["standard"],
        "connector_format": kind["format"],
        "connector_power_type": kind["power_type"],
    }
