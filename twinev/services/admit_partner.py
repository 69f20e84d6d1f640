"""Lets other parties read over OCPI: each has a token of ours, shown once, kept as a keyed HMAC, revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid

from twinev.domain.ocpi_partner import OcpiPartner, PartnerToken, PartyId
from twinev.domain.users import User
from twinev.errors import Conflict, NotAuthenticated
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

TOKEN_BYTES = 32


def admit_partner(
    name: str, party: PartyId, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock, secret_key: str
) -> tuple[OcpiPartner, str]:
    """Admit a party; return it with its token, which nobody can look up afterwards.

    Raises
    ------
    Conflict
        The party has a token that was not revoked.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    partner = OcpiPartner(id=uuid.uuid4().hex, name=name, party=party, created_at=clock.now(), created_by=user.username)
    with unit_of_work() as work:
        if any(known.party == party and known.revoked_at is None for known in work.partners.list()):
            named = f"{party.country_code}*{party.party_id}"
            raise Conflict(f"{named} has a token already; revoke it first, if it was lost")
        work.partners.add(partner, token_hmac(token, secret_key))
        work.commit()
    return partner, token


def revoke_partner(partner_id: str, *, work: UnitOfWork, clock: Clock) -> None:
    """Have the partner's token open nothing any more; again changes nothing. The caller commits."""
    work.partners.get(partner_id)
    work.partners.revoke(partner_id, clock.now())


def name_customer(token: PartnerToken, *, work: UnitOfWork) -> None:
    """Note that an id token belongs to a partner's customer: the partner then sees it as it is. The caller commits."""
    work.partners.get(token.partner_id)
    work.partners.save_token(token)


def partner_of(token: str, *, work: UnitOfWork, secret_key: str) -> OcpiPartner:
    """Return whose token it is.

    Raises
    ------
    NotAuthenticated
        It is nobody's, or was revoked.
    """
    # The digest is keyed and of a random token: looking it up tells nothing by how long it takes.
    partner = work.partners.of_token(token_hmac(token, secret_key))
    if partner is None or partner.revoked_at is not None:
        raise NotAuthenticated("the OCPI token is not known, or was revoked; ask the operator for one")
    return partner


def token_hmac(token: str, secret_key: str) -> bytes:
    """What is kept of a token: a random one needs no slow hash."""
    return hmac.digest(secret_key.encode(), b"ocpi-token\0" + token.encode(), hashlib.sha256)


def pseudonym(partner_id: str, text: str, *, secret_key: str) -> str:
    """A name for something of a person, of 32 hexadecimal digits: the same for one partner, another for the next."""
    said = b"ocpi-pseudonym\0" + partner_id.encode() + b"\0" + text.encode()
    return hmac.digest(secret_key.encode(), said, hashlib.sha256).hex()[:32]
