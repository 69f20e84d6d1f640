"""The repositories of contracts, terms and acceptances, and of OCPI partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from twinev.adapters.database.documents import insert_once
from twinev.adapters.database.pricing_tables import (
    contracts,
    ocpi_partner_tokens,
    ocpi_partners,
    terms,
    terms_acceptances,
)
from twinev.adapters.database.statements import earlier_than, insert_new, upsert
from twinev.domain.contracts import Contract, ContractStatus, Terms, TermsAcceptance
from twinev.domain.ocpi_partner import OcpiPartner, PartnerToken, PartyId
from twinev.errors import NotFound

_OF_PARTNER = ("id", "name", "created_at", "created_by", "revoked_at")


class DatabaseContracts:
    """Implements `twinev.services.ports.contracts.Contracts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, contract_id: str) -> Contract:
        found = self._all(select(contracts).where(contracts.c.id == contract_id))
        if not found:
            raise NotFound("contract", contract_id)
        return found[0]

    def save(self, contract: Contract) -> None:
        upsert(self._connection, contracts, asdict(contract) | {"status": str(contract.status)})

    def list(self, *, limit: int, before: str | None = None, user_id: str | None = None) -> Sequence[Contract]:
        statement = self._newest_first(user_id).limit(limit)
        if before is not None:
            older = earlier_than(self._connection, contracts.c.created_at, contracts.c.id, before)
            statement = statement.where(older)
        return self._all(statement)

    def of_user(self, user_id: str) -> Sequence[Contract]:
        return self._all(self._newest_first(user_id))

    def _newest_first(self, user_id: str | None) -> Select[Any]:
        statement = select(contracts).order_by(contracts.c.created_at.desc(), contracts.c.id.desc())
        return statement if user_id is None else statement.where(contracts.c.user_id == user_id)

    def _all(self, statement: Select[Any]) -> Any:
        rows = self._connection.execute(statement)
        return [Contract(**dict(row._mapping) | {"status": ContractStatus(row.status)}) for row in rows]


class DatabaseTerms:
    """Implements `twinev.services.ports.contracts.TermsStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, terms_id: str, *, version: int | None = None) -> Terms:
        found = [known for known in self.versions(terms_id) if version in (None, known.version)]
        if not found:
            raise NotFound("terms" if version is None else f"version {version} of the terms", terms_id)
        return found[0]

    def versions(self, terms_id: str) -> Sequence[Terms]:
        statement = select(terms).where(terms.c.id == terms_id).order_by(terms.c.version.desc())
        return [Terms(**row._mapping) for row in self._connection.execute(statement)]

    def current(self, now: datetime) -> Sequence[Terms]:
        begun = select(terms).where(terms.c.valid_from <= now).order_by(terms.c.id, terms.c.version)
        latest = {row.id: Terms(**row._mapping) for row in self._connection.execute(begun)}
        return list(latest.values())

    def add(self, document: Terms) -> None:
        what = f"version {document.version} of the terms {document.id}"
        insert_once(self._connection, terms, asdict(document), what)

    def accept(self, acceptance: TermsAcceptance) -> None:
        insert_new(self._connection, terms_acceptances, [asdict(acceptance)])

    def acceptances(self, user_id: str) -> Sequence[TermsAcceptance]:
        table = terms_acceptances
        statement = select(table).where(table.c.user_id == user_id).order_by(table.c.terms_id, table.c.version)
        return [TermsAcceptance(**row._mapping) for row in self._connection.execute(statement)]


class DatabasePartners:
    """Implements `twinev.services.ports.contracts.Partners`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, partner_id: str) -> OcpiPartner:
        row = self._connection.execute(select(ocpi_partners).where(ocpi_partners.c.id == partner_id)).one_or_none()
        if row is None:
            raise NotFound("OCPI partner", partner_id)
        return _partner(row)

    def of_token(self, token_hmac: bytes) -> OcpiPartner | None:
        wanted = select(ocpi_partners).where(ocpi_partners.c.token_hmac == token_hmac)
        row = self._connection.execute(wanted).one_or_none()
        return None if row is None else _partner(row)

    def list(self) -> Sequence[OcpiPartner]:
        newest = ocpi_partners.c.created_at.desc()
        return [_partner(row) for row in self._connection.execute(select(ocpi_partners).order_by(newest))]

    def add(self, partner: OcpiPartner, token_hmac: bytes) -> None:
        row = {name: getattr(partner, name) for name in _OF_PARTNER}
        insert_once(
            self._connection,
            ocpi_partners,
            row | asdict(partner.party) | {"token_hmac": token_hmac},
            f"the OCPI partner {partner.id}",
        )

    def revoke(self, partner_id: str, at: datetime) -> None:
        table = ocpi_partners
        statement = update(table).where(table.c.id == partner_id, table.c.revoked_at.is_(None))
        self._connection.execute(statement.values(revoked_at=at))

    def save_token(self, token: PartnerToken) -> None:
        # OCPP's tokens do not tell upper from lower case.
        upsert(self._connection, ocpi_partner_tokens, asdict(token) | {"id_token": token.id_token.lower()})

    def tokens(self, partner_id: str) -> Sequence[PartnerToken]:
        table = ocpi_partner_tokens
        statement = select(table).where(table.c.partner_id == partner_id).order_by(table.c.id_token)
        return [PartnerToken(**row._mapping) for row in self._connection.execute(statement)]


def _partner(row: Row) -> OcpiPartner:
    party = PartyId(country_code=row.country_code, party_id=row.party_id)
    return OcpiPartner(**{name: getattr(row, name) for name in _OF_PARTNER}, party=party)
