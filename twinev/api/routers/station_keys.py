"""New keys for stations."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from twinev.api.idempotency import OnlyOnce
from twinev.api.platform import Operator
from twinev.services.rotate_key import RotateKey
from twinev.wire.rest.stations import KeyRotated

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])


async def rotate_key_of(request: Request) -> RotateKey:
    """Return the service at ``app.state.rotate_key``; wiring puts it there."""
    return request.app.state.rotate_key


@router.post(
    "/{station_id}/key-rotations",
    status_code=HTTPStatus.CREATED,
    response_model=None,
    responses={HTTPStatus.CREATED: {"model": KeyRotated}},
)
async def rotate_key(
    station_id: str, service: Annotated[RotateKey, Depends(rotate_key_of)], user: Operator, only_once: OnlyOnce
) -> Any:
    """Tell a station a new key. Nobody else learns it; the old one is valid until the station comes with the new."""

    async def rotate() -> KeyRotated:
        rotation = await service.rotate(station_id, issued_by=user.username)
        return KeyRotated(station_id=station_id, **asdict(rotation))

    return await only_once.answer(rotate)
