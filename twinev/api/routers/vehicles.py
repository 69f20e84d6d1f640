"""Vehicles: drivers' own, and shared ones that operators keep."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.platform import Driving, Reading, ThePlatform
from twinev.domain.users import User
from twinev.domain.vehicle_booking import Vehicle
from twinev.services.keep_vehicles import add_vehicle, change_vehicle, remove_vehicle, seen_vehicle
from twinev.wire.rest.pages import Page
from twinev.wire.rest.vehicles import VehicleChangeIn, VehicleIn, VehicleOut

router = APIRouter(prefix="/api/v1/vehicles", tags=["vehicles"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": VehicleOut}}


@router.get("")
def list_vehicles(ask: WantedPage, work: Reading, user: Driving) -> Page[VehicleOut]:
    """List the caller's own vehicles and the shared ones, by id."""
    rows = rows_after(work.vehicles.list(owner_id=user.id), ask, name=lambda vehicle: vehicle.id)
    return page_of(rows, ask, out=lambda vehicle: _out(vehicle, user), name=lambda vehicle: vehicle.id)


@router.post("", status_code=status.HTTP_201_CREATED, response_model=None, responses=_CREATED)
async def create_vehicle(body: VehicleIn, platform: ThePlatform, user: Driving, once: OnlyOnce) -> JSONResponse:
    """Keep a vehicle: the caller's own, or a shared one of an operator's."""
    described = body.model_dump()
    shared = described.pop("shared")

    def add() -> Vehicle:
        with platform.unit_of_work() as work:
            added = add_vehicle(described, shared=shared, user=user, work=work)
            work.commit()
        return added

    async def make() -> VehicleOut:
        return _out(await run_in_threadpool(add), user)

    return await once.answer(make)


@router.get("/{vehicle_id}")
def get_vehicle(vehicle_id: str, work: Reading, user: Driving) -> VehicleOut:
    """Show one vehicle."""
    return _out(seen_vehicle(vehicle_id, user=user, work=work), user)


@router.patch("/{vehicle_id}")
def patch_vehicle(vehicle_id: str, body: VehicleChangeIn, platform: ThePlatform, user: Driving) -> VehicleOut:
    """Change what is given."""
    changes = {key: value for key, value in body.model_dump(exclude_unset=True).items() if value is not None}
    with platform.unit_of_work() as work:
        changed = change_vehicle(vehicle_id, changes, user=user, work=work)
        work.commit()
    return _out(changed, user)


@router.delete("/{vehicle_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_vehicle(vehicle_id: str, platform: ThePlatform, user: Driving) -> None:
    """Forget a vehicle that nobody has booked."""
    with platform.unit_of_work() as work:
        remove_vehicle(vehicle_id, user=user, work=work)
        work.commit()


def _out(vehicle: Vehicle, user: User) -> VehicleOut:
    return VehicleOut(
        id=vehicle.id,
        name=vehicle.name,
        battery_kwh=vehicle.battery_kwh,
        connectors=vehicle.connectors,
        max_ac_kw=vehicle.max_ac_kw,
        max_dc_kw=vehicle.max_dc_kw,
        consumption_kwh_per_km=vehicle.consumption_kwh_per_km,
        v2g=vehicle.v2g,
        shared=vehicle.shared,
        mine=vehicle.owner_id == user.id,
        site_id=vehicle.site_id,
        available=vehicle.available,
    )
