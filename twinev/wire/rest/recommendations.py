"""Recommended charge points: what a driver looks for, and what suits."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment


class RecommendationAsk(WireModel):
    """POST /recommendations. A body, for a query would leave in every log where somebody is; nothing of it is kept.

    With ``arrive_at`` what can be reserved for then is recommended, else what is free now. That and
    ``max_price_eur_per_kwh`` are for those who are logged in.
    """

    latitude_degrees: float = Field(ge=-90, le=90)
    longitude_degrees: float = Field(ge=-180, le=180)
    max_distance_km: float = Field(default=10.0, ge=0, le=500)
    energy_kwh: float = Field(default=20.0, ge=0, le=1000)
    stay_minutes: float = Field(default=120.0, ge=1, le=1440)
    connector_type: str | None = Field(default=None, max_length=40)
    ev_max_kw: float | None = Field(default=None, ge=0, le=5000)
    consumption_kwh_per_km: float = Field(default=0.18, ge=0, le=2)
    min_kw: float = Field(default=0.0, ge=0, le=5000, description="what the EVSE must give at least")
    max_price_eur_per_kwh: float | None = Field(default=None, ge=-10, le=100)
    arrive_at: Moment | None = None
    station_id: str | None = Field(default=None, max_length=48, description="only this one, if it suits")
    limit: int = Field(default=10, ge=1, le=50)


class ScorePartsOut(WireModel):
    """From 0, the worst, to 1, the best; in `RecommendationsOut.weights` how much each counts."""

    price: float
    way: float
    energy: float
    waiting: float
    charging: float


class RecommendationDetail(WireModel):
    """What the score comes from, for those who are logged in.

    ``way_cost_eur`` is the energy of the way there, bought at this charge point: great circle × 1.3 × consumption ×
    price. Price and cost of the way are None where the price is not known.
    """

    evse_id: int
    arrival: AwareDatetime
    price_eur_per_kwh: float | None
    way_cost_eur: float | None
    available_kwh: float
    waiting_minutes: float
    charging_minutes: float
    score: float
    parts: ScorePartsOut


class RecommendationOut(WireModel):
    """A charge point that suits: ``grade`` is poor, fair, good, very good or best, ``colour`` the same for the eye."""

    station_id: str
    name: str
    site_id: str
    site_name: str
    time_zone: str
    latitude_degrees: float
    longitude_degrees: float
    max_kw: float
    connector_types: tuple[str, ...]
    way_km: float
    grade: str
    colour: str
    detail: RecommendationDetail | None


class RecommendationsOut(WireModel):
    """The best first."""

    items: tuple[RecommendationOut, ...]
    weights: ScorePartsOut
