"""What charging would come to with each profile, told before it starts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from twinev.api.platform import Driving
from twinev.api.routers.sessions import charging_wish
from twinev.services.preview_charging import ChargingPreview, PreviewCharging
from twinev.wire.rest.sessions import ChargingPreviewOut, ChargingWishIn

router = APIRouter(prefix="/api/v1/sessions/preview", tags=["sessions"])


def preview_charging_of(request: Request) -> PreviewCharging:
    """Return the service at ``app.state.preview_charging``; wiring puts it there."""
    return request.app.state.preview_charging


ThePreviewCharging = Annotated[PreviewCharging, Depends(preview_charging_of)]


@router.post("")
async def preview_charging(body: ChargingWishIn, preview: ThePreviewCharging, user: Driving) -> ChargingPreviewOut:
    """Tell cost, end and renewable part with each profile, by planning the site with the EV; nothing is kept."""
    return preview_out(await preview.preview(charging_wish(body), user=user))


def preview_out(preview: ChargingPreview) -> ChargingPreviewOut:
    return ChargingPreviewOut.model_validate(asdict(preview))
