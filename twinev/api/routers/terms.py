"""Terms and conditions: everybody may read them, and who logs in may accept them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import CurrentUser
from twinev.api.platform import CallingApp, Operator, Reading, ThePlatform
from twinev.domain.contracts import Terms
from twinev.services.agree_contract import accept_terms, is_operator, publish_terms
from twinev.wire.rest.contracts import TermsAcceptanceIn, TermsAcceptanceOut, TermsIn, TermsOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/terms", tags=["terms"])

TermsId = Annotated[str, Path(min_length=1, max_length=36, pattern="^[A-Za-z0-9._-]+$")]


@router.get("")
def list_terms(work: Reading, platform: ThePlatform) -> Page[TermsOut]:
    """List the terms that count now, on one page."""
    return Page[TermsOut](items=tuple(_out(terms) for terms in work.terms.current(platform.clock.now())))


@router.get("/acceptances")
def list_acceptances(
    work: Reading,
    user: CurrentUser,
    user_id: Annotated[str | None, Query(max_length=64, description="for operators")] = None,
) -> Page[TermsAcceptanceOut]:
    """List what one has accepted, for operators what a user has; on one page."""
    of_user = user_id if user_id and is_operator(user) else user.id
    accepted = work.terms.acceptances(of_user)
    return Page[TermsAcceptanceOut](items=tuple(TermsAcceptanceOut(**asdict(one)) for one in accepted))


@router.get("/{terms_id}")
def get_terms(
    terms_id: TermsId, work: Reading, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> TermsOut:
    """Show a version of the terms, the latest by default."""
    return _out(work.terms.get(terms_id, version=version))


@router.get("/{terms_id}/versions")
def list_versions(terms_id: TermsId, work: Reading) -> Page[TermsOut]:
    """List all versions, the latest first, on one page."""
    work.terms.get(terms_id)
    return Page[TermsOut](items=tuple(_out(terms) for terms in work.terms.versions(terms_id)))


@router.post("/{terms_id}/versions", status_code=status.HTTP_201_CREATED, response_model=TermsOut)
async def create_version(
    terms_id: TermsId, body: TermsIn, platform: ThePlatform, user: Operator, once: OnlyOnce
) -> JSONResponse:
    """Publish terms, or the version that follows them."""

    def publish() -> TermsOut:
        with platform.unit_of_work() as work:
            terms = publish_terms(terms_id, **body.model_dump(), user=user, work=work, now=platform.clock.now())
            work.commit()
        return _out(terms)

    async def make() -> TermsOut:
        return await run_in_threadpool(publish)

    return await once.answer(make)


@router.post("/{terms_id}/acceptances", status_code=status.HTTP_201_CREATED, response_model=TermsAcceptanceOut)
async def create_acceptance(
    *,
    terms_id: TermsId,
    body: TermsAcceptanceIn,
    platform: ThePlatform,
    user: CurrentUser,
    app: CallingApp,
    once: OnlyOnce,
) -> JSONResponse:
    """Accept a version of the terms; it is recorded who did, when and with which program."""

    def accept() -> TermsAcceptanceOut:
        now = platform.clock.now()
        with platform.unit_of_work() as work:
            acceptance = accept_terms(terms_id, body.version, user=user, app=app, work=work, now=now)
            work.commit()
        return TermsAcceptanceOut(**asdict(acceptance))

    async def make() -> TermsAcceptanceOut:
        return await run_in_threadpool(accept)

    return await once.answer(make)


def _out(terms: Terms) -> TermsOut:
    shown = asdict(terms)
    del shown["published_by"]
    return TermsOut(**shown)
