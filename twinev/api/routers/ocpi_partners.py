"""Who may read over OCPI: operators give tokens out and take them back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, status
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.platform import Operator, Platform, Reading, ThePlatform
from twinev.domain.ocpi_partner import OcpiPartner, PartnerToken, PartyId
from twinev.domain.users import User
from twinev.services.admit_partner import admit_partner, name_customer, revoke_partner
from twinev.wire.rest.ocpi_partners import (
    OcpiPartnerCreated,
    OcpiPartnerIn,
    OcpiPartnerOut,
    PartnerTokenIn,
    PartnerTokenOut,
)
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/ocpi-partners", tags=["ocpi-partners"])

IdToken = Annotated[str, Path(min_length=1, max_length=36)]


@router.get("")
def list_partners(work: Reading, _user: Operator) -> Page[OcpiPartnerOut]:
    """List all partners, the newest first, on one page; their tokens nobody can look up."""
    return Page[OcpiPartnerOut](items=tuple(_out(partner) for partner in work.partners.list()))


@router.post("", status_code=status.HTTP_201_CREATED, response_model=OcpiPartnerCreated)
async def create_partner(body: OcpiPartnerIn, platform: ThePlatform, user: Operator, only_once: OnlyOnce) -> Any:
    """Admit a partner and tell its token, this once. A party that is admitted is a conflict."""

    async def create() -> OcpiPartnerCreated:
        return await run_in_threadpool(_create, body, platform, user)

    return await only_once.answer(create, told_once=("token",))


@router.delete("/{partner_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_partner(partner_id: str, platform: ThePlatform, _user: Operator) -> None:
    """Revoke a partner's token; the partner stays in the list."""
    with platform.unit_of_work() as work:
        revoke_partner(partner_id, work=work, clock=platform.clock)
        work.commit()


@router.get("/{partner_id}/tokens")
def list_tokens(partner_id: str, work: Reading, _user: Operator) -> Page[PartnerTokenOut]:
    """List the cards of a partner's customers, on one page."""
    work.partners.get(partner_id)
    tokens = work.partners.tokens(partner_id)
    return Page[PartnerTokenOut](
        items=tuple(PartnerTokenOut(id_token=token.id_token, contract_id=token.contract_id) for token in tokens)
    )


@router.put("/{partner_id}/tokens/{id_token}")
def put_token(
    partner_id: str, id_token: IdToken, body: PartnerTokenIn, platform: ThePlatform, _user: Operator
) -> PartnerTokenOut:
    """Say that a card is a partner's customer's: the partner sees it as it is, all others as a pseudonym."""
    token = PartnerToken(id_token=id_token, partner_id=partner_id, contract_id=body.contract_id)
    with platform.unit_of_work() as work:
        name_customer(token, work=work)
        work.commit()
    return PartnerTokenOut(id_token=id_token.lower(), contract_id=body.contract_id)


def _create(body: OcpiPartnerIn, platform: Platform, user: User) -> OcpiPartnerCreated:
    partner, token = admit_partner(
        body.name,
        PartyId(country_code=body.country_code, party_id=body.party_id),
        user=user,
        unit_of_work=platform.unit_of_work,
        clock=platform.clock,
        secret_key=platform.secret_key,
    )
    return OcpiPartnerCreated(**_out(partner).model_dump(), token=token)


def _out(partner: OcpiPartner) -> OcpiPartnerOut:
    return OcpiPartnerOut(
        id=partner.id,
        name=partner.name,
        country_code=partner.party.country_code,
        party_id=partner.party.party_id,
        created_at=partner.created_at,
        created_by=partner.created_by,
        revoked_at=partner.revoked_at,
    )
