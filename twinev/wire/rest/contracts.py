"""Contracts, terms and conditions, and who accepted them."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.domain.contracts import LONGEST_TERMS, ContractStatus
from twinev.wire.base import WireModel
from twinev.wire.moment import Moment


class ContractIn(WireModel):
    """Without ``user_id`` one's own; a tariff is the operator's to give."""

    user_id: str | None = Field(default=None, min_length=1, max_length=64)
    tariff_id: str | None = Field(default=None, min_length=1, max_length=36)
    valid_from: Moment | None = None
    valid_to: Moment | None = None


class ContractChangeIn(WireModel):
    status: ContractStatus | None = None
    valid_to: Moment | None = None


class ContractOut(WireModel):
    id: str
    user_id: str
    tariff_id: str | None
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None
    status: ContractStatus
    created_at: AwareDatetime
    created_by: str


class TermsIn(WireModel):
    """A version to publish; without ``valid_from`` it counts at once."""

    title: str = Field(min_length=1, max_length=255)
    text: str = Field(min_length=1, max_length=LONGEST_TERMS)
    valid_from: Moment | None = None


class TermsOut(WireModel):
    id: str
    version: int
    title: str
    text: str
    valid_from: AwareDatetime
    published_at: AwareDatetime


class TermsAcceptanceIn(WireModel):
    version: int = Field(ge=1, le=1_000_000)


class TermsAcceptanceOut(WireModel):
    user_id: str
    terms_id: str
    version: int
    accepted_at: AwareDatetime
    app: str | None
