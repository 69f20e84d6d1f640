"""What the API process has of prices and bills: their routers, what those work with, and the loop that settles."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from twinev.api.background import Service
from twinev.api.ocpi import router as ocpi
from twinev.api.ocpi.desk import OcpiDesk
from twinev.api.routers import charge_detail_records, ocpi_partners, pages_receipt
from twinev.domain.ocpi_partner import PartyId
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.settle_sessions import SettleSessions
from twinev.settings import Settings

ROUTERS: tuple[APIRouter, ...] = (
    charge_detail_records.router,
    charge_detail_records.session_router,
    pages_receipt.router,
    ocpi_partners.router,
    ocpi.router,
)


def pricing_state(settings: Settings, secret_key: str) -> dict[str, Any]:
    """What the routers find at ``app.state``."""
    country_code, _, party_id = settings.ocpi_party.partition("*")
    desk = OcpiDesk(
        party=PartyId(country_code=country_code, party_id=party_id),
        operator_name=settings.ocpi_operator_name,
        country=settings.ocpi_country,
        base_url=settings.api_url,
        secret_key=secret_key,
    )
    return {"payments": InvoicePayments(), "ocpi": desk}


def settling(*, unit_of_work: UnitOfWorkFactory, reading: UnitOfWorkFactory, clock: Clock) -> Service:
    """Return the loop that makes charge detail records."""
    return SettleSessions(unit_of_work=unit_of_work, reading=reading, payments=InvoicePayments(), clock=clock).run
