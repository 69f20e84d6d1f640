"""Made-up but plausible curves for a demonstration: price, renewable share, a building's demand, a roof's production.

Nothing here is measured. The shapes follow what such curves look like in the Netherlands: a price with a morning and
an evening peak and a dip while the sun shines, a renewable share that rises then, an office that works from eight to
six, and PV under changing clouds.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date, datetime
from zoneinfo import ZoneInfo


def price_eur_per_kwh(instant: datetime, *, zone: str, time_zone: str) -> float:
    """Day-ahead price at an hour. [€/kWh]"""
    local = instant.astimezone(ZoneInfo(time_zone))
    hour = local.hour
    peaks = 0.06 * _bell(hour, 8.0, 2.0) + 0.11 * _bell(hour, 19.0, 2.5)
    dip = 0.05 * _bell(hour, 13.5, 3.0)
    level = 0.09 * (0.85 + 0.3 * _chance(f"price {zone}", local.date()))
    return round(level + peaks - dip, 5)


def renewable_share(instant: datetime, *, zone: str, time_zone: str) -> float:
    """Renewable share of the zone's power at an hour, 0 to 1: the day's wind, and the sun around noon."""
    local = instant.astimezone(ZoneInfo(time_zone))
    wind = 0.20 + 0.35 * _chance(f"wind {zone}", local.date())
    by_hour = 0.08 * _chance(f"wind {zone} {local.hour}", local.date())
    return round(wind + by_hour + 0.30 * _bell(local.hour, 13.0, 3.0), 3)


def demand_kw(instant: datetime, *, site: str, time_zone: str, supply_max_kw: float) -> float:
    """Power of a building behind the same supply point: 8 % of the supply at night, some 25 % at work. [kW]"""
    local = instant.astimezone(ZoneInfo(time_zone))
    hour = local.hour + local.minute / 60
    at_work = 0.17 * _bell(hour, 13.0, 4.0) * (1.0 if local.weekday() < 5 else 0.35)
    variation = 0.95 + 0.1 * _chance(f"demand {site} {local.hour}", local.date())
    return round(supply_max_kw * (0.08 + at_work) * variation, 3)


def production_kw(
    instant: datetime, *, site: str, latitude_degrees: float, longitude_degrees: float, peak_kw: float
) -> float:
    """Power of a PV roof: the sine of the sun's elevation, less what the day's clouds take. [kW]

    Declination after Cooper (1969): 23.45° · sin(360° · (284 + day) / 365).
    """
    day_of_year = instant.timetuple().tm_yday
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day_of_year) / 365)
    solar_hour = instant.hour + instant.minute / 60 + longitude_degrees / 15
    hour_angle = math.radians(15 * (solar_hour - 12))
    latitude = math.radians(latitude_degrees)
    elevation_sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )
    clear = 0.35 + 0.6 * _chance(f"clouds {site}", instant.date())
    return round(peak_kw * clear * max(elevation_sine, 0.0), 3)


def _bell(hour: float, middle: float, width: float) -> float:
    return math.exp(-(((hour - middle) / width) ** 2))


def _chance(what: str, day: date) -> float:
    """A number from 0 to 1 that is the same at every run."""
    digest = hashlib.sha256(f"{what} {day.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
