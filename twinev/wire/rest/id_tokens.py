"""Cards and the like, and whether they may charge."""

from __future__ import annotations

from twinev.wire.base import WireModel


class IdTokenIn(WireModel):
    """PUT /id-tokens/{id_token}: whether a card may charge (an OCPP AuthorizationStatus)."""

    status: str = "Accepted"
    user_id: str | None = None


class IdTokenOut(WireModel):
    id_token: str
    status: str
