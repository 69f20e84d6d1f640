"""What TwinEV tells of prices and bills on ``twinev.v1.evt.*``. Amounts are decimal numbers as text."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from twinev.wire.event_data import SITE, EventData, shown

_TARIFF = {"tariff_id": "night-and-day", "version": 2, "name": "Night and day", "currency": "EUR"}
_CDR = "5f0c2a8be1f54d3c9a6d1f7f3f0a8d11-1"


class TariffPublished(BaseModel):
    """A tariff, or the next version of one, was published; it is read by GET /api/v1/tariffs/<id>."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        json_schema_extra={"examples": [_TARIFF | {"valid_from": "2026-12-01T00:00:00+00:00"}]},
    )

    tariff_id: str
    version: int = Field(ge=1, description="Counts from 1.")
    name: str
    currency: str = Field(description="ISO 4217.")
    valid_from: AwareDatetime = Field(description="Sessions that begin from then on are priced by it.")


class TariffAssigned(EventData):
    """Another tariff rules at a site, a station or an EVSE from now on."""

    model_config = shown(
        SITE
        | {
            "station_id": "RDAM-0815",
            "evse_id": 0,
            "tariff_id": "night-and-day",
            "since": "2026-11-25T17:00:00+00:00",
        }
    )

    station_id: str | None = Field(description="null: the whole site.")
    evse_id: int = Field(ge=0, description="0: the whole station.")
    tariff_id: str | None = Field(description="null: that of the wider place.")
    since: AwareDatetime


class CdrMade(EventData):
    """A charge detail record was made for a session that ended, or takes an earlier one back."""

    model_config = shown(
        SITE
        | {
            "station_id": "RDAM-0815",
            "session_id": "5f0c2a8be1f54d3c9a6d1f7f3f0a8d11",
            "cdr_id": _CDR,
            "credit_reference_id": None,
            "currency": "EUR",
            "total_excl_vat": "10.58",
            "total_incl_vat": "12.81",
            "energy_kwh": 22.0,
        }
    )

    station_id: str
    session_id: str
    cdr_id: str
    credit_reference_id: str | None = Field(description="The record that this one takes back.")
    currency: str = Field(description="ISO 4217.")
    total_excl_vat: str
    total_incl_vat: str
    energy_kwh: float = Field(ge=0, description="Delivered energy. [kWh]")


class PaymentChanged(EventData):
    """The payment of a record stands otherwise than before."""

    model_config = shown(SITE | {"cdr_id": _CDR, "status": "paid"})

    cdr_id: str
    status: Literal["pending", "authorised", "paid", "failed", "refunded", "not_required"]


PRICING_EVENTS: dict[str, type[BaseModel]] = {
    "tariff.published": TariffPublished,
    "tariff.assigned": TariffAssigned,
    "cdr.made": CdrMade,
    "payment.changed": PaymentChanged,
}
