"""Tariffs: published by operators, read by everybody, also without a login."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Operator, Reading, ThePlatform
from twinev.api.shown_once import ShownOnce
from twinev.domain.money import Price
from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import PriceComponent, Tariff, TariffAssignment, TariffElement, TariffRestrictions
from twinev.errors import NotFound
from twinev.services.estimate_cost import IntendedSession, estimate_cost
from twinev.services.publish_tariff import TariffDraft, assign_tariff, publish_tariff, publish_version, tariff_at
from twinev.wire.moment import Moment
from twinev.wire.rest.pages import Page
from twinev.wire.rest.tariffs import (
    PriceWire,
    SessionCostOut,
    TariffAssignmentIn,
    TariffAssignmentOut,
    TariffIn,
    TariffOut,
    TariffVersionIn,
)

router = APIRouter(prefix="/api/v1/tariffs", tags=["tariffs"])

StationId = Annotated[str, Query(min_length=1, max_length=48)]
EvseId = Annotated[int, Query(ge=1, le=1000)]

_TARIFFS: ShownOnce[TariffOut] = ShownOnce()


@router.get("")
def list_tariffs(ask: WantedPage, work: Reading) -> Page[TariffOut]:
    """List the latest version of every tariff, by id."""
    rows = work.tariffs.latest(limit=ask.one_more, after=ask.after)
    return page_of(rows, ask, out=tariff_out, name=lambda tariff: tariff.id)


@router.post("", status_code=status.HTTP_201_CREATED, response_model=TariffOut)
async def create_tariff(body: TariffIn, platform: ThePlatform, user: Operator, once: OnlyOnce) -> JSONResponse:
    """Publish a tariff. It is never changed: what follows is another version."""

    async def make() -> TariffOut:
        tariff = await run_in_threadpool(
            publish_tariff,
            _draft(body),
            tariff_id=body.id,
            user=user,
            unit_of_work=platform.unit_of_work,
            clock=platform.clock,
        )
        return tariff_out(tariff)

    return await once.answer(make)


@router.get("/at")
def get_tariff_at(
    work: Reading, platform: ThePlatform, station_id: StationId, evse_id: EvseId = 1, at: Moment | None = None
) -> TariffOut:
    """Show the tariff that rules at an EVSE; 404 where charging is free."""
    station = work.stations.get(station_id)
    tariff = tariff_at(station.site_id, station.id, evse_id, at or platform.clock.now(), work=work)
    if tariff is None:
        raise NotFound("tariff at the station", station_id)
    return tariff_out(tariff)


@router.get("/estimate")
def get_estimate(
    *,
    work: Reading,
    platform: ThePlatform,
    station_id: StationId,
    evse_id: EvseId = 1,
    start: Moment | None = None,
    energy_kwh: Annotated[Decimal, Query(ge=0, le=10_000)],
    charging_minutes: Annotated[float, Query(gt=0, le=10_000)],
    parking_minutes: Annotated[float, Query(ge=0, le=10_000)] = 0.0,
) -> SessionCostOut:
    """Tell what it would cost to charge so much within so long, then to stay plugged in."""
    now = platform.clock.now()
    intended = IntendedSession(
        station_id=station_id,
        evse_id=evse_id,
        start=start or now,
        energy_kwh=energy_kwh,
        charging_minutes=charging_minutes,
        parking_minutes=parking_minutes,
    )
    return cost_out(estimate_cost(intended, work=work, now=now))


@router.get("/assignments")
def list_assignments(
    work: Reading, platform: ThePlatform, _user: Operator, site_id: Annotated[str, Query(min_length=1, max_length=64)]
) -> Page[TariffAssignmentOut]:
    """List which tariffs rule at a site now, on one page."""
    work.sites.get(site_id)
    rules = work.tariffs.assignments(site_id, at=platform.clock.now())
    return Page[TariffAssignmentOut](items=tuple(TariffAssignmentOut(**asdict(rule)) for rule in rules))


@router.post("/assignments", status_code=status.HTTP_201_CREATED, response_model=TariffAssignmentOut)
async def create_assignment(
    body: TariffAssignmentIn, platform: ThePlatform, user: Operator, once: OnlyOnce
) -> JSONResponse:
    """Let a tariff rule somewhere from now on; sessions that run keep the one they began with."""
    assignment = TariffAssignment(**body.model_dump(), since=platform.clock.now(), assigned_by=user.username)

    def assign() -> TariffAssignmentOut:
        with platform.unit_of_work() as work:
            assign_tariff(assignment, work=work)
            work.commit()
        return TariffAssignmentOut(**asdict(assignment))

    async def make() -> TariffAssignmentOut:
        return await run_in_threadpool(assign)

    return await once.answer(make)


@router.get("/{tariff_id}")
def get_tariff(
    tariff_id: str, work: Reading, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> TariffOut:
    """Show a version of a tariff, the latest by default."""
    return tariff_out(work.tariffs.get(tariff_id, version=version))


@router.get("/{tariff_id}/versions")
def list_versions(tariff_id: str, work: Reading) -> Page[TariffOut]:
    """List all versions, the latest first, on one page."""
    work.tariffs.get(tariff_id)
    return Page[TariffOut](items=tuple(tariff_out(tariff) for tariff in work.tariffs.versions(tariff_id)))


@router.post("/{tariff_id}/versions", status_code=status.HTTP_201_CREATED, response_model=TariffOut)
async def create_version(
    tariff_id: str, body: TariffVersionIn, platform: ThePlatform, user: Operator, once: OnlyOnce
) -> JSONResponse:
    """Publish what follows a tariff: it counts for sessions that begin from its ``valid_from`` on."""

    async def make() -> TariffOut:
        tariff = await run_in_threadpool(
            publish_version,
            _draft(body),
            tariff_id,
            user=user,
            unit_of_work=platform.unit_of_work,
            clock=platform.clock,
        )
        return tariff_out(tariff)

    return await once.answer(make)


def tariff_out(tariff: Tariff) -> TariffOut:
    """Show a version to everybody: who published it is the operator's business."""
    return _TARIFFS.of((tariff.id, tariff.version), (tariff,), _tariff_out)


def _tariff_out(tariff: Tariff) -> TariffOut:
    return TariffOut.model_validate(tariff, from_attributes=True)


def cost_out(cost: SessionCost) -> SessionCostOut:
    return SessionCostOut.model_validate(cost, from_attributes=True)


def _draft(body: TariffVersionIn) -> TariffDraft:
    elements = tuple(
        TariffElement(
            price_components=tuple(PriceComponent(**part.model_dump()) for part in element.price_components),
            restrictions=TariffRestrictions(**element.restrictions.model_dump()),
        )
        for element in body.elements
    )
    said: dict[str, Any] = body.model_dump(include={"name", "currency", "valid_from", "valid_to", "text"})
    return TariffDraft(**said, elements=elements, min_price=_price(body.min_price), max_price=_price(body.max_price))


def _price(price: PriceWire | None) -> Price | None:
    return None if price is None else Price(**price.model_dump())
