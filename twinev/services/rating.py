"""Rates what an EV would get at an EVSE; for EVSEs that are alike it is computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from twinev.domain.recommendation import Suitability, grade_of, score_of, score_parts, way_cost_eur
from twinev.services.site_headroom import Delivery

#: The EVSEs of some requests: nothing else has the same way, price and delivery.
_ALIKE = 1024


@lru_cache(maxsize=_ALIKE)
def rate(
    *,
    price_eur_per_kwh: float | None,
    way_km: float,
    consumption_kwh_per_km: float,
    wanted_kwh: float,
    delivery: Delivery,
) -> Mapping[str, Any]:
    """Return facts, parts, score, grade and colour of a `twinev.services.recommend.Recommendation`."""
    facts = Suitability(
        price_eur_per_kwh=price_eur_per_kwh,
        way_cost_eur=way_cost_eur(
            way_km, consumption_kwh_per_km=consumption_kwh_per_km, price_eur_per_kwh=price_eur_per_kwh
        ),
        available_kwh=delivery.energy_kwh,
        wanted_kwh=wanted_kwh,
        waiting_minutes=delivery.waiting_minutes,
        charging_minutes=delivery.charging_minutes,
    )
    parts = score_parts(facts)
    score = score_of(parts)
    grade, colour = grade_of(score)
    return MappingProxyType({"facts": facts, "parts": parts, "score": score, "grade": grade, "colour": colour})
