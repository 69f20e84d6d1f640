"""Another party that reads sessions, tariffs and records over OCPI: a roaming hub or a service provider."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from twinev.domain.checks import require_text
from twinev.errors import BadInput

_COUNTRY = re.compile(r"[A-Z]{2}")
_PARTY = re.compile(r"[A-Z0-9]{3}")


@dataclass(frozen=True, kw_only=True)
class PartyId:
    """Who somebody is in OCPI: an ISO 3166 country and three characters, such as NL and TWE."""

    country_code: str
    party_id: str

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country_code):
            raise BadInput("country_code", self.country_code, "two capital letters (ISO 3166-1 alpha-2)")
        if not _PARTY.fullmatch(self.party_id):
            raise BadInput("party_id", self.party_id, "three capital letters or digits (ISO 15118)")


@dataclass(frozen=True, kw_only=True)
class OcpiPartner:
    """A party with a token of ours; once revoked, the token opens nothing."""

    id: str
    name: str
    party: PartyId
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        require_text("name", self.name, longest=100)


@dataclass(frozen=True, kw_only=True)
class PartnerToken:
    """An id token of a partner's customer, with the contract that it stands for."""

    id_token: str
    partner_id: str
    contract_id: str

    def __post_init__(self) -> None:
        # OCPI's CiString(36) for both.
        require_text("id_token", self.id_token, longest=36)
        require_text("contract_id", self.contract_id, longest=36)
