"""Contracts: drivers sign and end their own, operators all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import CurrentUser
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Reading, ThePlatform
from twinev.domain.contracts import Contract
from twinev.services.agree_contract import change_contract, is_operator, own_contract, sign_contract
from twinev.wire.rest.contracts import ContractChangeIn, ContractIn, ContractOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/contracts", tags=["contracts"])


@router.get("")
def list_contracts(
    ask: WantedPage,
    work: Reading,
    user: CurrentUser,
    user_id: Annotated[str | None, Query(max_length=64, description="for operators")] = None,
) -> Page[ContractOut]:
    """List one's own contracts, for operators all or a user's; the newest first."""
    of_user = user_id if is_operator(user) else user.id
    rows = work.contracts.list(limit=ask.one_more, before=ask.after, user_id=of_user)
    return page_of(rows, ask, out=_out, name=lambda contract: contract.id)


@router.post("", status_code=status.HTTP_201_CREATED, response_model=ContractOut)
async def create_contract(body: ContractIn, platform: ThePlatform, user: CurrentUser, once: OnlyOnce) -> JSONResponse:
    """Sign a contract for oneself; operators for anybody, also with a tariff of its own."""

    def sign() -> ContractOut:
        with platform.unit_of_work() as work:
            contract = sign_contract(**body.model_dump(), user=user, work=work, now=platform.clock.now())
            work.commit()
        return _out(contract)

    async def make() -> ContractOut:
        return await run_in_threadpool(sign)

    return await once.answer(make)


@router.get("/{contract_id}")
def get_contract(contract_id: str, work: Reading, user: CurrentUser) -> ContractOut:
    """Show a contract."""
    return _out(own_contract(contract_id, user=user, work=work))


@router.patch("/{contract_id}")
def patch_contract(contract_id: str, body: ContractChangeIn, platform: ThePlatform, user: CurrentUser) -> ContractOut:
    """Suspend, take up again or end a contract; drivers may end their own."""
    with platform.unit_of_work() as work:
        changed = change_contract(contract_id, **body.model_dump(), user=user, work=work, now=platform.clock.now())
        work.commit()
    return _out(changed)


def _out(contract: Contract) -> ContractOut:
    return ContractOut(**asdict(contract))
