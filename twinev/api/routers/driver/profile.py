"""The person: where all that is his is found, his name, what he prefers, his contract and the terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.etags import etag_of
from twinev.api.platform import Reading, ThePlatform
from twinev.api.routers.auth import Desk
from twinev.api.routers.driver.start import drivable
from twinev.domain.contracts import Contract, ContractStatus, Terms
from twinev.domain.vehicles import DriverProfile
from twinev.services.agree_contract import missing_terms
from twinev.services.ports.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

ADDRESS = f"{PREFIX}/profile"


@dataclass(frozen=True, kw_only=True)
class ReadTerms:
    """Terms that count now, and when the person accepted this version; None: not yet."""

    terms: Terms
    accepted_at: datetime | None


@router.get(ADDRESS, response_model=None)
def show_profile(request: Request, login: Driver, work: Reading, platform: ThePlatform) -> Response:
    """Show who is logged in, and lead to what is his."""
    to_accept = bool(missing_terms(login.user.id, work=work, now=platform.clock.now()))
    return driver_page(request, "profile.html", login=login, to_accept=to_accept)


@router.get(f"{ADDRESS}/account", response_model=None)
def show_account(request: Request, login: Driver, desk: Desk) -> Response:
    """Show the name and lead to the password, here or at the identity server that keeps them."""
    issuer = desk.methods().issuer
    return driver_page(request, "account.html", login=login, account_page=issuer and f"{issuer.rstrip('/')}/account")


@router.get(f"{ADDRESS}/preferences", response_model=None)
def show_preferences(request: Request, login: Driver, work: Reading) -> Response:
    """Show what the person prefers."""
    preferences = work.preferences.of(login.user.id)
    return driver_page(
        request,
        "preferences.html",
        login=login,
        preferences=preferences,
        version=etag_of(preferences),
        profiles=tuple(DriverProfile),
        vehicles=drivable(login.user, work=work),
    )


@router.get(f"{ADDRESS}/contract", response_model=None)
def show_contract(request: Request, login: Driver, work: Reading, platform: ThePlatform) -> Response:
    """Show the contract and the terms, with what is to be signed and accepted."""
    now = platform.clock.now()
    contract = _contract(login.user.id, work, now)
    tariff = work.tariffs.get(contract.tariff_id) if contract and contract.tariff_id else None
    return driver_page(
        request,
        "contract.html",
        login=login,
        contract=contract,
        in_force=contract is not None and contract.in_force_at(now),
        tariff=tariff,
        terms=_terms(login.user.id, work, now),
        zone=_zone(work),
    )


def _contract(user_id: str, work: UnitOfWork, now: datetime) -> Contract | None:
    """The one that is not over, if there is one."""
    return next(
        (
            contract
            for contract in work.contracts.of_user(user_id)
            if contract.status is not ContractStatus.ENDED and (contract.valid_to is None or contract.valid_to > now)
        ),
        None,
    )


def _terms(user_id: str, work: UnitOfWork, now: datetime) -> list[ReadTerms]:
    accepted = {(one.terms_id, one.version): one.accepted_at for one in work.terms.acceptances(user_id)}
    return [
        ReadTerms(terms=terms, accepted_at=accepted.get((terms.id, terms.version))) for terms in work.terms.current(now)
    ]


def _zone(work: UnitOfWork) -> str:
    """A contract is with the operator, whose sites' time it is told in."""
    sites = work.sites.list()
    return sites[0].time_zone if sites else "UTC"
