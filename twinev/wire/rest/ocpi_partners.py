"""Parties that read over OCPI, their tokens, and their customers' cards."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel


class OcpiPartnerIn(WireModel):
    name: str = Field(min_length=1, max_length=100)
    country_code: str = Field(pattern="^[A-Z]{2}$")
    party_id: str = Field(pattern="^[A-Z0-9]{3}$")


class OcpiPartnerOut(WireModel):
    id: str
    name: str
    country_code: str
    party_id: str
    created_at: AwareDatetime
    created_by: str
    revoked_at: AwareDatetime | None


class OcpiPartnerCreated(OcpiPartnerOut):
    """``token`` is told this once, and null when the request is repeated."""

    token: str | None


class PartnerTokenIn(WireModel):
    contract_id: str = Field(min_length=1, max_length=36)


class PartnerTokenOut(WireModel):
    id_token: str
    contract_id: str
