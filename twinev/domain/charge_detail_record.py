"""What is billed for a transaction, sealed when it ended; what turns out wrong is credited and billed anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import Tariff

#: What OCPI suggests to append to the id of the record that a credit takes back.
CREDIT_SUFFIX = "-C"


@dataclass(frozen=True, kw_only=True)
class ChargingPlace:
    """Where it was, as it was called then."""

    site_id: str
    site_name: str
    latitude_degrees: float
    longitude_degrees: float
    time_zone: str
    station_id: str
    station_name: str
    evse_id: int
    connector_type: str
    max_kw: float
    phases: int


@dataclass(frozen=True, kw_only=True)
class ChargeDetailRecord:
    """A CDR (OCPI 2.2.1), never changed: the ``number``-th of its session, or the credit of that one.

    ``basis`` is a digest of the facts it was made from. The amounts of a credit are the credited ones with the other
    sign; its volumes are the same.
    """

    id: str
    session_id: str
    number: int
    credit_reference_id: str | None = None
    user_id: str | None
    id_token: str | None
    contract_id: str | None
    place: ChargingPlace
    started_at: datetime
    ended_at: datetime
    stop_reason: str | None
    tariff: Tariff | None
    cost: SessionCost
    basis: str
    made_at: datetime

    @property
    def is_credit(self) -> bool:
        return self.credit_reference_id is not None

    def credited(self, at: datetime) -> ChargeDetailRecord:
        """The record that takes this one back."""
        cost = self.cost
        negated = replace(
            cost,
            periods=tuple(replace(period, cost=-period.cost) for period in cost.periods),
            energy=-cost.energy,
            time=-cost.time,
            parking=-cost.parking,
            fixed=-cost.fixed,
            total=-cost.total,
        )
        return replace(self, id=f"{self.id}{CREDIT_SUFFIX}", credit_reference_id=self.id, cost=negated, made_at=at)


class PaymentStatus(StrEnum):
    """How the payment of a record stands."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    NOT_REQUIRED = "not_required"


@dataclass(frozen=True, kw_only=True)
class PaymentChange:
    """A step of a payment: what it came to, when, by whom, and the reference of a bank or the like."""

    cdr_id: str
    status: PaymentStatus
    at: datetime
    by: str
    reference: str = ""
