"""Who may use a private station, for who runs the charge points."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from twinev.api.platform import Operator, Reading, ThePlatform
from twinev.domain.station_access import is_private
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.wire.rest.reservations import StationAccessOut

router = APIRouter(prefix="/api/v1/stations/{station_id}/access", tags=["stations"])

UserId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
def get_access(station_id: str, work: Reading, _user: Operator) -> StationAccessOut:
    """Tell whether a station is private, and who may use it."""
    return _out(station_id, work)


@router.put("/{user_id}")
def allow_user(station_id: str, user_id: UserId, platform: ThePlatform, _user: Operator) -> StationAccessOut:
    """Let a user use a station, which is private from the first one on."""
    with platform.unit_of_work() as work:
        work.stations.get(station_id)
        work.station_access.allow(station_id, user_id)
        access = _out(station_id, work)
        work.commit()
    return access


@router.delete("/{user_id}")
def withdraw_user(station_id: str, user_id: UserId, platform: ThePlatform, _user: Operator) -> StationAccessOut:
    """No longer let a user use a station; without any it is what its ``public`` says."""
    with platform.unit_of_work() as work:
        work.station_access.withdraw(station_id, user_id)
        access = _out(station_id, work)
        work.commit()
    return access


def _out(station_id: str, work: UnitOfWork) -> StationAccessOut:
    station, named = work.stations.get(station_id), work.station_access.users(station_id)
    return StationAccessOut(station_id=station_id, private=is_private(station, named), user_ids=tuple(sorted(named)))
