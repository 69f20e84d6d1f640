"""The cards that may charge."""

from __future__ import annotations

from fastapi import APIRouter

from twinev.api.platform import Operator, ThePlatform
from twinev.domain.users import AuthorizationStatus
from twinev.errors import BadInput
from twinev.wire.rest.id_tokens import IdTokenIn, IdTokenOut

router = APIRouter(prefix="/api/v1/id-tokens", tags=["id-tokens"])


@router.put("/{id_token}")
def put_id_token(id_token: str, body: IdTokenIn, platform: ThePlatform, _user: Operator) -> IdTokenOut:
    """Let a card charge, or not."""
    if body.status not in list(AuthorizationStatus):
        raise BadInput("status", body.status, f"one of {', '.join(AuthorizationStatus)}")
    with platform.unit_of_work() as work:
        work.tokens.save(id_token, body.status, body.user_id)
        work.commit()
    return IdTokenOut(id_token=id_token, status=body.status)
