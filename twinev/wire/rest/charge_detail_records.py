"""Charge detail records and their payments."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.domain.charge_detail_record import PaymentStatus
from twinev.wire.base import WireModel
from twinev.wire.rest.tariffs import SessionCostOut, TariffOut


class ChargingPlaceOut(WireModel):
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


class ChargeDetailRecordOut(WireModel):
    """What is billed for a session; with ``credit_reference_id`` the credit of that record."""

    id: str
    session_id: str
    number: int
    credit_reference_id: str | None
    user_id: str | None
    contract_id: str | None
    place: ChargingPlaceOut
    started_at: AwareDatetime
    ended_at: AwareDatetime
    stop_reason: str | None
    tariff: TariffOut | None
    cost: SessionCostOut
    made_at: AwareDatetime
    payment_status: PaymentStatus


class PaymentIn(WireModel):
    """How a payment goes on, with a bank's reference or the like."""

    status: PaymentStatus
    reference: str = Field(default="", max_length=255)


class PaymentOut(WireModel):
    cdr_id: str
    status: PaymentStatus
    at: AwareDatetime
    by: str
    reference: str
