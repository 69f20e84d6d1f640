"""Who we are in OCPI, and who asks: a partner with a token of ours."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from twinev.api.platform import HeldReading
from twinev.domain.ocpi_partner import OcpiPartner, PartyId
from twinev.errors import NotAuthenticated
from twinev.services.admit_partner import partner_of, pseudonym


@dataclass(frozen=True, kw_only=True)
class OcpiDesk:
    """What wiring puts at ``app.state.ocpi``.

    Parameters
    ----------
    party : PartyId
        The operator's own.
    operator_name : str
        How the operator is called.
    country : str
        Where the sites are: ISO 3166-1 alpha-3.
    base_url : str
        How others reach this API.
    secret_key : str
        Keys the HMACs of tokens and of pseudonyms.
    """

    party: PartyId
    operator_name: str
    country: str
    base_url: str
    secret_key: str

    @property
    def owner(self) -> dict[str, str]:
        """What every object begins with."""
        return {"country_code": self.party.country_code, "party_id": self.party.party_id}


@dataclass(frozen=True, kw_only=True)
class OcpiReader:
    """A partner that asks, and what it may see of people: its own customers' tokens, pseudonyms of all others."""

    desk: OcpiDesk
    partner: OcpiPartner
    token: str
    customers: dict[str, str]

    def cdr_token(self, id_token: str | None, session_id: str) -> dict[str, str]:
        """OCPI's CdrToken of a session; one without a token has a pseudonym of its own."""
        contract_id = self.customers.get((id_token or "").lower())
        if id_token is not None and contract_id is not None:
            party = self.partner.party
            named = {"uid": id_token, "type": "RFID", "contract_id": contract_id}
            return {"country_code": party.country_code, "party_id": party.party_id, **named}
        said = session_id if id_token is None else id_token.lower()
        uid = pseudonym(self.partner.id, said, secret_key=self.desk.secret_key)
        return {**self.desk.owner, "uid": uid, "type": "OTHER", "contract_id": uid}


async def ocpi_desk(request: Request) -> OcpiDesk:
    return request.app.state.ocpi


TheDesk = Annotated[OcpiDesk, Depends(ocpi_desk)]


def ocpi_reader(request: Request, desk: TheDesk, work: HeldReading) -> OcpiReader:
    """Return who asks; raise `NotAuthenticated` without a good ``Authorization: Token <base64>``."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "token":
        raise NotAuthenticated("OCPI wants the header Authorization: Token <the token in base64>")
    try:
        token = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise NotAuthenticated("the token of OCPI 2.2.1 is sent in base64") from error
    partner = partner_of(token, work=work, secret_key=desk.secret_key)
    customers = {known.id_token: known.contract_id for known in work.partners.tokens(partner.id)}
    return OcpiReader(desk=desk, partner=partner, token=token, customers=customers)


Reader = Annotated[OcpiReader, Depends(ocpi_reader)]
