"""Tells what a session costs, running or over: whose it is, by which tariff, and what each part of it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from twinev.domain.contracts import Contract
from twinev.domain.session import ChargingSession
from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import Tariff
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.pricing.energy_curve import EnergyCurve, energy_curve
from twinev.services.pricing.market_prices import MarketPrices, market_prices
from twinev.services.pricing.session_cost import cost_of
from twinev.services.publish_tariff import tariff_at


@dataclass(frozen=True, kw_only=True)
class PricedSession:
    """A session's cost, and what it follows from."""

    session: ChargingSession
    user_id: str | None
    contract: Contract | None
    tariff: Tariff | None
    curve: EnergyCurve
    cost: SessionCost


def price_session(session: ChargingSession, *, work: UnitOfWork) -> PricedSession:
    """Price a session as far as it was measured; for one that runs that is what it has cost so far.

    The version of the tariff and the contract are those of the session's begin, whatever came later.
    """
    user_id = session_owner(session, work=work)
    contract = None if user_id is None else contract_at_start(user_id, session, work=work)
    tariff = tariff_of(session, contract, work=work)
    curve = energy_curve(session, work.meter_values.of_session(session))
    site = work.sites.get(session.site_id)
    market = MarketPrices(start=curve.start)
    if tariff is not None and tariff.follows_market:
        market = market_prices(work.series, site.price_zone, curve.start, curve.end)
    cost = cost_of(curve, tariff, zone=ZoneInfo(site.time_zone), market=market)
    return PricedSession(session=session, user_id=user_id, contract=contract, tariff=tariff, curve=curve, cost=cost)


def session_owner(session: ChargingSession, *, work: UnitOfWork) -> str | None:
    """Whose session it is, else the user of the id token that started it; None where neither is known here."""
    if session.user_id is not None or session.id_token is None:
        return session.user_id
    return work.tokens.user_of(session.id_token)


def contract_at_start(user_id: str, session: ChargingSession, *, work: UnitOfWork) -> Contract | None:
    """The driver's contract that was in force when the session began, the newest of several."""
    contracts = work.contracts.of_user(user_id)
    return next((contract for contract in contracts if contract.in_force_at(session.started_at)), None)


def tariff_of(session: ChargingSession, contract: Contract | None, *, work: UnitOfWork) -> Tariff | None:
    """The version by which a session is priced: its contract's before the place's; None is free of charge."""
    if contract is not None and contract.tariff_id is not None:
        agreed = work.tariffs.at(contract.tariff_id, session.started_at)
        if agreed is not None:
            return agreed
    return tariff_at(session.site_id, session.station_id, session.evse_id, session.started_at, work=work)


def require_own_session(session_id: str, *, user_id: str | None, work: UnitOfWork) -> ChargingSession:
    """Return a session that a driver may see; what is another's is not there. ``user_id`` None sees all."""
    session = work.sessions.get(session_id)
    if user_id is not None and session_owner(session, work=work) != user_id:
        raise NotFound("charging session", session_id)
    return session
