"""Stored contracts, terms and acceptances; OCPI partners and the id tokens of their customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from twinev.domain.contracts import Contract, Terms, TermsAcceptance
from twinev.domain.ocpi_partner import OcpiPartner, PartnerToken


class Contracts(Protocol):
    """Drivers' contracts, the newest first in lists."""

    def get(self, contract_id: str) -> Contract: ...
    def save(self, contract: Contract) -> None: ...
    def list(self, *, limit: int, before: str | None = None, user_id: str | None = None) -> Sequence[Contract]: ...
    def of_user(self, user_id: str) -> Sequence[Contract]: ...


class TermsStore(Protocol):
    """Terms and conditions with all their versions, and who accepted them."""

    def get(self, terms_id: str, *, version: int | None = None) -> Terms: ...
    def versions(self, terms_id: str) -> Sequence[Terms]: ...
    def current(self, now: datetime) -> Sequence[Terms]:
        """Of each the version that counts now, by id."""

    def add(self, terms: Terms) -> None:
        """Keep a version for good; raise `Conflict` when it is there already."""

    def accept(self, acceptance: TermsAcceptance) -> None:
        """Keep an acceptance; the first one of a version stays."""

    def acceptances(self, user_id: str) -> Sequence[TermsAcceptance]: ...


class Partners(Protocol):
    """OCPI partners. The digest of a token never leaves through an `OcpiPartner`."""

    def get(self, partner_id: str) -> OcpiPartner: ...
    def of_token(self, token_hmac: bytes) -> OcpiPartner | None: ...
    def list(self) -> Sequence[OcpiPartner]: ...
    def add(self, partner: OcpiPartner, token_hmac: bytes) -> None: ...
    def revoke(self, partner_id: str, at: datetime) -> None: ...
    def save_token(self, token: PartnerToken) -> None: ...
    def tokens(self, partner_id: str) -> Sequence[PartnerToken]: ...
