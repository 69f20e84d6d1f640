"""Recommends charge points: in full to whoever is logged in, in a word to everybody."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from twinev.api.identity import current_login
from twinev.api.limit_rates import Buckets
from twinev.api.platform import LongReading, ThePlatform
from twinev.domain.charge_points import Location
from twinev.domain.recommendation import WEIGHTS
from twinev.domain.users import User
from twinev.errors import NotAuthenticated, TooManyTries
from twinev.services.recommend import Recommendation, recommend
from twinev.services.series_price import SeriesPrice
from twinev.services.tariff_price import TariffPrice
from twinev.services.wish_of_driver import wish_of_driver
from twinev.wire.rest.recommendations import (
    RecommendationAsk,
    RecommendationDetail,
    RecommendationOut,
    RecommendationsOut,
    ScorePartsOut,
)

router = APIRouter(prefix="/api/v1/recommendations", tags=["recommendations"])

#: Each reads every site's plan; strangers get them at a person's pace. [1/s]
ANONYMOUS_PER_SECOND = 1.0

_bearer = HTTPBearer(auto_error=False, description="for the figures behind a recommendation")


def anonymous_buckets() -> Buckets:
    """Make what counts the requests of each address that is not logged in."""
    return Buckets(ANONYMOUS_PER_SECOND)


async def user_if_any(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> User | None:
    """Return who calls, or None for a stranger.

    A wrong token is refused and not overlooked. A browser sends its cookie by itself, also when its session has ended:
    such a one is a stranger's.
    """
    if credentials is not None:
        return (await current_login(request, credentials)).user
    try:
        return (await current_login(request)).user
    except NotAuthenticated:
        if "authorization" in request.headers:
            raise
        return None


async def caller(request: Request, user: Annotated[User | None, Depends(user_if_any)]) -> User | None:
    """The same, after counting a stranger."""
    if user is None:
        address = request.client.host if request.client else "unknown"
        wait_seconds = request.app.state.anonymous_recommendations.take(address)
        if wait_seconds:
            raise TooManyTries("get recommendations without an account", wait_seconds)
    return user


# A wrong token or a wish of an account's is refused, though no login is needed.
@router.post("", responses={401: {}, 403: {}})
def list_recommendations(
    request: Request,
    body: RecommendationAsk,
    work: LongReading,
    platform: ThePlatform,
    user: Annotated[User | None, Depends(caller)],
) -> RecommendationsOut:
    """Recommend free, compatible charge points within reach.

    No login is needed; with one they come with figures, and what is left out is taken from the driver's preferences and
    his default vehicle: ``max_distance_km``, ``connector_type``, ``ev_max_kw`` and ``consumption_kwh_per_km``.
    """
    if user is None and (body.arrive_at is not None or body.max_price_eur_per_kwh is not None):
        raise NotAuthenticated("who asks for a later time or a highest price must log in")
    said = body.model_dump(exclude={"latitude_degrees", "longitude_degrees", "limit"}, exclude_unset=True)
    place = Location(latitude_degrees=body.latitude_degrees, longitude_degrees=body.longitude_degrees)
    wish = wish_of_driver({"place": place, **said}, user=user, work=work)
    now = platform.clock.now()
    price = TariffPrice(work, otherwise=SeriesPrice(work))
    read = request.app.state.headroom_memory.read
    found = recommend(
        wish,
        work=work,
        price=price,
        now=now,
        user_id=user and user.id,
        most=body.limit,
        read=read,
        rules=platform.reservation_rules,
    )
    return RecommendationsOut(
        items=tuple(_out(one, in_full=user is not None) for one in found),
        weights=ScorePartsOut(**asdict(WEIGHTS)),
    )


def _out(one: Recommendation, *, in_full: bool) -> RecommendationOut:
    station = one.station
    return RecommendationOut(
        station_id=station.id,
        name=station.name,
        site_id=one.site.id,
        site_name=one.site.name,
        time_zone=one.site.time_zone,
        latitude_degrees=station.location.latitude_degrees,
        longitude_degrees=station.location.longitude_degrees,
        max_kw=one.evse.max_kw,
        connector_types=tuple(connector.type for connector in one.evse.connectors),
        way_km=round(one.way_km, 2),
        grade=one.grade,
        colour=one.colour,
        detail=_detail(one) if in_full else None,
    )


def _detail(one: Recommendation) -> RecommendationDetail:
    facts = one.facts
    return RecommendationDetail(
        evse_id=one.evse.id,
        arrival=one.arrival,
        price_eur_per_kwh=facts.price_eur_per_kwh,
        way_cost_eur=facts.way_cost_eur,
        available_kwh=facts.available_kwh,
        waiting_minutes=facts.waiting_minutes,
        charging_minutes=facts.charging_minutes,
        score=one.score,
        parts=ScorePartsOut(**asdict(one.parts)),
    )
