"""The application: routers, errors as problem details, and the loops that run beside the requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from twinev import __version__
from twinev.api.acting import Acting
from twinev.api.background import Service, running
from twinev.api.error_answers import describe_errors
from twinev.api.file_schemas import describe_files
from twinev.api.identity import Authenticator
from twinev.api.limit_body import LimitBody
from twinev.api.limit_rates import LimitRates, Rates
from twinev.api.one_turn import add_routes
from twinev.api.platform import Platform
from twinev.api.problems import answer_with_problems
from twinev.api.refuse_nul import RefuseNul
from twinev.api.routers import (
    analysis,
    audit,
    availability,
    commands,
    contracts,
    docs,
    events,
    health,
    id_tokens,
    metrics,
    plan_checks,
    plans,
    preferences,
    recommendations,
    reservations,
    series,
    session_course,
    session_progress,
    sessions,
    sites,
    station_access,
    station_commands,
    station_meter_values,
    station_reports,
    stations,
    tariffs,
    terms,
    vehicle_reservations,
    vehicles,
)
from twinev.api.turns import Turns, limit_threads
from twinev.services.analyse_month import AnalyseMonth
from twinev.services.headroom_memory import HeadroomMemory
from twinev.services.measure_usage import MeasureUsage

_OWN_ROUTERS = (
    sites,
    stations,
    availability,
    station_commands,
    station_meter_values,
    station_reports,
    station_access,
    sessions,
    session_course,
    session_progress,
    reservations,
    vehicles,
    vehicle_reservations,
    preferences,
    commands,
    id_tokens,
    series,
    # Before the plans, whose ids stand where it has a word.
    plan_checks,
    plans,
    tariffs,
    contracts,
    terms,
    recommendations,
    metrics,
    analysis,
    events,
    health,
    audit,
    docs,
)


def create_app(
    *,
    platform: Platform,
    identity: Authenticator,
    routers: Iterable[APIRouter] = (),
    services: Mapping[str, Service] | None = None,
    state: Mapping[str, Any] | None = None,
    rates: Rates | None = None,
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    platform : Platform
        What the routers of this package work with.
    identity : Authenticator
        Tells who calls.
    routers : iterable of APIRouter
        More resources and pages: log in, users, restrictions.
    services : mapping of name to Service
        Loops that run while the application does; one that fails is started again.
    state : mapping
        What ``routers`` find at ``app.state``, beside ``platform`` and ``identity``.
    rates : Rates
        How often somebody may ask.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        limit_threads()
        async with running(services or {}):
            yield

    app = FastAPI(
        title="TwinEV",
        version=__version__,
        description="Plans EV charging, sends the plans to charging stations, and explains them.",
        openapi_url=docs.OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.platform = platform
    app.state.identity = identity
    app.state.turns = Turns()
    app.state.plan_slots = plans.PlanSlots()
    app.state.availability_listeners = availability.Listeners()
    app.state.measure_usage = MeasureUsage(reading=platform.reading, clock=platform.clock)
    app.state.analyse_month = AnalyseMonth(reading=platform.reading, clock=platform.clock)
    app.state.headroom_memory = HeadroomMemory()
    app.state.anonymous_recommendations = recommendations.anonymous_buckets()
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    for module in _OWN_ROUTERS:
        add_routes(app, module.router)
    add_routes(app, analysis.page_router)
    for router in routers:
        add_routes(app, router)
    app.add_middleware(RefuseNul)
    app.add_middleware(LimitBody)
    app.add_middleware(LimitRates, rates=rates)
    app.add_middleware(Acting)
    answer_with_problems(app)
    describe_files(app)
    describe_errors(app)
    return app
