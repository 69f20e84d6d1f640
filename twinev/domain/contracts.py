"""What a driver and the operator agreed on: contracts, terms and conditions, and who accepted which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.checks import require_text, require_utc
from twinev.errors import BadInput

LONGEST_TERMS = 100_000


class ContractStatus(StrEnum):
    """A suspended contract can become active again; one that has ended cannot."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A driver's contract with the operator within [valid_from, valid_to).

    ``tariff_id`` rules wherever the driver charges; None leaves the price to the place.
    """

    id: str
    user_id: str
    tariff_id: str | None = None
    valid_from: datetime
    valid_to: datetime | None = None
    status: ContractStatus = ContractStatus.ACTIVE
    created_at: datetime
    created_by: str

    def __post_init__(self) -> None:
        require_text("user_id", self.user_id, longest=64)
        object.__setattr__(self, "valid_from", require_utc("valid_from", self.valid_from))
        if self.valid_to is None:
            return
        object.__setattr__(self, "valid_to", require_utc("valid_to", self.valid_to))
        if self.valid_to <= self.valid_from:
            raise BadInput("valid_to", self.valid_to.isoformat(), f"a time after valid_from, {self.valid_from}")

    def in_force_at(self, instant: datetime) -> bool:
        within = self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)
        return within and self.status is ContractStatus.ACTIVE


@dataclass(frozen=True, kw_only=True)
class Terms:
    """One version of terms and conditions, which counts from ``valid_from`` until a later version does."""

    id: str
    version: int
    title: str
    text: str
    valid_from: datetime
    published_at: datetime
    published_by: str

    def __post_init__(self) -> None:
        require_text("id", self.id, longest=36)
        require_text("title", self.title)
        require_text("text", self.text, longest=LONGEST_TERMS)
        object.__setattr__(self, "valid_from", require_utc("valid_from", self.valid_from))


@dataclass(frozen=True, kw_only=True)
class TermsAcceptance:
    """Who accepted which version, when, and with which program."""

    user_id: str
    terms_id: str
    version: int
    accepted_at: datetime
    app: str | None = None
