"""Tariffs, contracts, terms, charge detail records, and who reads over OCPI."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from twinev.client.calls import Calls, body_of, path_to
from twinev.domain.charge_detail_record import PaymentStatus
from twinev.domain.contracts import ContractStatus
from twinev.wire.rest.charge_detail_records import ChargeDetailRecordOut, PaymentIn, PaymentOut
from twinev.wire.rest.contracts import (
    ContractChangeIn,
    ContractIn,
    ContractOut,
    TermsAcceptanceIn,
    TermsAcceptanceOut,
    TermsIn,
    TermsOut,
)
from twinev.wire.rest.ocpi_partners import (
    OcpiPartnerCreated,
    OcpiPartnerIn,
    OcpiPartnerOut,
    PartnerTokenIn,
    PartnerTokenOut,
)
from twinev.wire.rest.tariffs import (
    SessionCostOut,
    TariffAssignmentIn,
    TariffAssignmentOut,
    TariffIn,
    TariffOut,
    TariffVersionIn,
)


class PricingCalls(Calls):
    """Tariffs, contracts, terms, charge detail records, and who reads over OCPI."""

    # ── Tariffs ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def tariffs(self) -> list[TariffOut]:
        """The latest version of every tariff."""
        return list(self._connection.items("/tariffs", TariffOut))

    def tariff(self, tariff_id: str, *, version: int | None = None) -> TariffOut:
        return self._connection.get(path_to("tariffs", tariff_id), TariffOut, version=version)

    def tariff_at(self, station_id: str, evse_id: int = 1, *, at: datetime | None = None) -> TariffOut:
        """The tariff that rules at an EVSE; `NotFound` where charging is free."""
        return self._connection.get("/tariffs/at", TariffOut, station_id=station_id, evse_id=evse_id, at=at)

    def publish_tariff(self, tariff: TariffIn) -> TariffOut:
        return self._connection.post("/tariffs", tariff, TariffOut)

    def publish_tariff_version(self, tariff_id: str, version: TariffVersionIn) -> TariffOut:
        """Publish what follows a tariff."""
        return self._connection.post(path_to("tariffs", tariff_id, "versions"), version, TariffOut)

    def assign_tariff(
        self, tariff_id: str | None, *, site_id: str, station_id: str | None = None, evse_id: int = 0
    ) -> TariffAssignmentOut:
        """Let a tariff rule at a site, a station or an EVSE from now on; None leaves it to the wider place."""
        place = {"site_id": site_id, "station_id": station_id, "evse_id": evse_id}
        body = body_of(TariffAssignmentIn, tariff_id=tariff_id, **place)
        return self._connection.post("/tariffs/assignments", body, TariffAssignmentOut)

    def estimate_cost(
        self, station_id: str, evse_id: int = 1, *, energy_kwh: Decimal | float, charging_minutes: float,
        parking_minutes: float = 0.0, start: datetime | None = None,
    ) -> SessionCostOut:  # fmt: skip
        """What it would cost to charge so much within so long, then to stay plugged in."""
        return self._connection.get(
            "/tariffs/estimate", SessionCostOut, station_id=station_id, evse_id=evse_id, energy_kwh=str(energy_kwh),
            charging_minutes=charging_minutes, parking_minutes=parking_minutes, start=start,
        )  # fmt: skip

    # ── Costs and records ────────────────────────────────────────────────────────────────────────────────────────────

    def session_cost(self, session_id: str) -> SessionCostOut:
        """What a session has cost so far, or in the end."""
        return self._connection.get(path_to("sessions", session_id, "cost"), SessionCostOut)

    def charge_detail_records(
        self, *, user_id: str | None = None, site_id: str | None = None, session_id: str | None = None,
        payment_status: PaymentStatus | None = None, at_most: int | None = None,
    ) -> list[ChargeDetailRecordOut]:  # fmt: skip
        """One's own records, for operators all; the newest first."""
        wanted = {"user_id": user_id, "site_id": site_id, "session_id": session_id, "payment_status": payment_status}
        return list(self._connection.items("/cdrs", ChargeDetailRecordOut, at_most=at_most, **wanted))

    def charge_detail_record(self, cdr_id: str) -> ChargeDetailRecordOut:
        return self._connection.get(path_to("cdrs", cdr_id), ChargeDetailRecordOut)

    def receipt(self, cdr_id: str) -> str:
        """The receipt as a page, HTML."""
        return self._connection.send("GET", path_to("cdrs", cdr_id, "receipt")).text

    def payments(self, cdr_id: str) -> list[PaymentOut]:
        """The steps of a payment, the first one first."""
        return list(self._connection.items(path_to("cdrs", cdr_id, "payments"), PaymentOut))

    def note_payment(self, cdr_id: str, status: PaymentStatus, *, reference: str = "") -> PaymentOut:
        body = body_of(PaymentIn, status=status, reference=reference)
        return self._connection.post(path_to("cdrs", cdr_id, "payments"), body, PaymentOut)

    # ── Contracts and terms ──────────────────────────────────────────────────────────────────────────────────────────

    def contracts(self, *, user_id: str | None = None) -> list[ContractOut]:
        """One's own contracts, for operators all; the newest first."""
        return list(self._connection.items("/contracts", ContractOut, user_id=user_id))

    def sign_contract(
        self, *, user_id: str | None = None, tariff_id: str | None = None, valid_from: datetime | None = None,
        valid_to: datetime | None = None,
    ) -> ContractOut:  # fmt: skip
        """Sign a contract for oneself; as an operator for anybody."""
        body = body_of(ContractIn, user_id=user_id, tariff_id=tariff_id, valid_from=valid_from, valid_to=valid_to)
        return self._connection.post("/contracts", body, ContractOut)

    def change_contract(
        self, contract_id: str, *, status: ContractStatus | None = None, valid_to: datetime | None = None
    ) -> ContractOut:
        body = body_of(ContractChangeIn, status=status, valid_to=valid_to)
        response = self._connection.send("PATCH", path_to("contracts", contract_id), body=body)
        return self._connection.read(response, ContractOut)

    def terms(self) -> list[TermsOut]:
        """The terms and conditions that count now."""
        return list(self._connection.items("/terms", TermsOut))

    def publish_terms(self, terms_id: str, *, title: str, text: str, valid_from: datetime | None = None) -> TermsOut:
        body = body_of(TermsIn, title=title, text=text, valid_from=valid_from)
        return self._connection.post(path_to("terms", terms_id, "versions"), body, TermsOut)

    def accept_terms(self, terms_id: str, version: int) -> TermsAcceptanceOut:
        body = body_of(TermsAcceptanceIn, version=version)
        return self._connection.post(path_to("terms", terms_id, "acceptances"), body, TermsAcceptanceOut)

    def accepted_terms(self, *, user_id: str | None = None) -> list[TermsAcceptanceOut]:
        """What one has accepted; for operators what a user has."""
        return list(self._connection.items("/terms/acceptances", TermsAcceptanceOut, user_id=user_id))

    # ── OCPI ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def ocpi_partners(self) -> list[OcpiPartnerOut]:
        return list(self._connection.items("/ocpi-partners", OcpiPartnerOut))

    def admit_ocpi_partner(self, name: str, *, country_code: str, party_id: str) -> OcpiPartnerCreated:
        """Admit a partner; its token is told this once."""
        body = body_of(OcpiPartnerIn, name=name, country_code=country_code, party_id=party_id)
        return self._connection.post("/ocpi-partners", body, OcpiPartnerCreated)

    def revoke_ocpi_partner(self, partner_id: str) -> None:
        self._connection.send("DELETE", path_to("ocpi-partners", partner_id))

    def name_ocpi_customer(self, partner_id: str, id_token: str, *, contract_id: str) -> PartnerTokenOut:
        """Say that a card is a partner's customer's."""
        body = body_of(PartnerTokenIn, contract_id=contract_id)
        response = self._connection.send("PUT", path_to("ocpi-partners", partner_id, "tokens", id_token), body=body)
        return self._connection.read(response, PartnerTokenOut)
