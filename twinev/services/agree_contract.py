"""Drivers and the operator agree: contracts are signed and changed, terms published and accepted."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from twinev.domain.checks import require_utc
from twinev.domain.contracts import Contract, ContractStatus, Terms, TermsAcceptance
from twinev.domain.users import Role, User
from twinev.errors import BadInput, Conflict, Forbidden, NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.publish_tariff import CLOCK_TOLERANCE

OPERATORS = frozenset({Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR})


def is_operator(user: User) -> bool:
    return not user.roles.isdisjoint(OPERATORS)


def sign_contract(
    *,
    user: User,
    user_id: str | None = None,
    tariff_id: str | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    work: UnitOfWork,
    now: datetime,
) -> Contract:
    """Sign a contract for oneself, or as an operator for a driver; the caller commits.

    Raises
    ------
    Forbidden
        A driver signs for somebody else, or asks for a tariff: special prices are the operator's to give.
    Conflict
        The driver has a contract that is not over.
    NotFound
        No tariff has that id.
    """
    user_id = user_id or user.id
    if not is_operator(user) and (user_id != user.id or tariff_id is not None):
        raise Forbidden(f"{user.username} may sign for nobody else and choose no tariff; an operator may")
    if tariff_id is not None:
        work.tariffs.get(tariff_id)
    open_one = next((known for known in work.contracts.of_user(user_id) if _goes_on(known, now)), None)
    if open_one is not None:
        raise Conflict(f"user {user_id} has the contract {open_one.id} already; end it first")
    contract = Contract(
        id=uuid.uuid4().hex,
        user_id=user_id,
        tariff_id=tariff_id,
        valid_from=valid_from or now,
        valid_to=valid_to,
        created_at=now,
        created_by=user.username,
    )
    work.contracts.save(contract)
    return contract


def change_contract(
    contract_id: str,
    *,
    user: User,
    status: ContractStatus | None = None,
    valid_to: datetime | None = None,
    work: UnitOfWork,
    now: datetime,
) -> Contract:
    """Suspend, take up again or end a contract; a driver may end the own one. The caller commits.

    Raises
    ------
    NotFound
        There is no such contract, or it is another driver's.
    Forbidden
        A driver asks for more than the end.
    Conflict
        It has ended.
    """
    contract = own_contract(contract_id, user=user, work=work)
    if not is_operator(user) and (status is not ContractStatus.ENDED or valid_to is not None):
        raise Forbidden(f"{user.username} may end this contract and no more; an operator may")
    if contract.status is ContractStatus.ENDED:
        if status is ContractStatus.ENDED and valid_to is None:
            return contract
        raise Conflict(f"contract {contract_id} has ended; sign another one")
    if status is ContractStatus.ENDED and valid_to is None and contract.valid_from < now:
        valid_to = now if contract.valid_to is None else min(contract.valid_to, now)
    changed = replace(contract, status=status or contract.status, valid_to=valid_to or contract.valid_to)
    work.contracts.save(changed)
    return changed


def own_contract(contract_id: str, *, user: User, work: UnitOfWork) -> Contract:
    """Return a contract that the user may see; another driver's is not there."""
    contract = work.contracts.get(contract_id)
    if contract.user_id != user.id and not is_operator(user):
        raise NotFound("contract", contract_id)
    return contract


def publish_terms(
    terms_id: str, *, title: str, text: str, valid_from: datetime | None, user: User, work: UnitOfWork, now: datetime
) -> Terms:
    """Publish terms, or the version that follows; the caller commits.

    Raises
    ------
    BadInput
        It would count from a time in the past, or not from after the version before.
    """
    known = work.terms.versions(terms_id)
    begin = require_utc("valid_from", valid_from or now)
    if begin < now - CLOCK_TOLERANCE:
        raise BadInput("valid_from", begin.isoformat(), f"now or a time to come; it is {now.isoformat()}")
    if known and begin <= known[0].valid_from:
        allowed = f"a time after version {known[0].version} begins, {known[0].valid_from.isoformat()}"
        raise BadInput("valid_from", begin.isoformat(), allowed)
    terms = Terms(
        id=terms_id,
        version=known[0].version + 1 if known else 1,
        title=title,
        text=text,
        valid_from=begin,
        published_at=now,
        published_by=user.username,
    )
    work.terms.add(terms)
    return terms


def accept_terms(
    terms_id: str, version: int, *, user: User, app: str | None, work: UnitOfWork, now: datetime
) -> TermsAcceptance:
    """Record that the user accepts a version; again changes nothing. The caller commits.

    Raises
    ------
    NotFound
        There are no such terms.
    Conflict
        The version is not the one that counts now, nor one to come.
    """
    terms = work.terms.get(terms_id, version=version)
    current = next((known for known in work.terms.current(now) if known.id == terms_id), terms)
    if terms.version < current.version:
        raise Conflict(f"version {version} of the terms {terms_id} counts no more; accept version {current.version}")
    work.terms.accept(TermsAcceptance(user_id=user.id, terms_id=terms_id, version=version, accepted_at=now, app=app))
    accepted = work.terms.acceptances(user.id)
    return next(one for one in accepted if (one.terms_id, one.version) == (terms_id, version))


def missing_terms(user_id: str, *, work: UnitOfWork, now: datetime) -> list[Terms]:
    """The terms that count now and that the user has not accepted in this version."""
    accepted = {(one.terms_id, one.version) for one in work.terms.acceptances(user_id)}
    return [terms for terms in work.terms.current(now) if (terms.id, terms.version) not in accepted]


def require_contract(user_id: str, *, work: UnitOfWork, now: datetime) -> Contract | None:
    """Return the contract by which a driver may start a session from the app.

    Where the operator has published terms, a driver needs a contract in force and to have accepted the current version
    of each. Where there are none, drivers charge without a contract and this may return None.

    Raises
    ------
    Forbidden
        Something is missing; the message says what, and what to do.
    """
    contract = next((known for known in work.contracts.of_user(user_id) if known.in_force_at(now)), None)
    missing = missing_terms(user_id, work=work, now=now)
    if missing:
        named = ", ".join(f"“{terms.title}” (version {terms.version} of {terms.id})" for terms in missing)
        raise Forbidden(f"accept the terms and conditions before charging: {named}")
    if contract is None and work.terms.current(now):
        raise Forbidden("sign a contract before charging: there is none in force for this user")
    return contract


def _goes_on(contract: Contract, now: datetime) -> bool:
    over = contract.valid_to is not None and contract.valid_to <= now
    return contract.status is not ContractStatus.ENDED and not over
