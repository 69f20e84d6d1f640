"""TWINEV_DRVR_6: history, receipts, payment, contract, terms and conditions.

Module under test: pricing and contracts.
Elements validated: tariffs, terms, contracts, the session's cost, charge detail records, receipts, payments.
Features: a driver agrees once, is billed for what the meter says, and finds every bill and how its payment stands.
Preconditions: the operator has published a tariff for the station, and terms; the driver's EV is plugged in.
Previous steps: TWINEV_DRVR_4, a session at a private charge point.
Dependencies: the API, the gateway, the planner, the database, NATS; a simulated station over OCPP 2.0.1.
Steps:
    1. Start without a contract; then accept the terms, sign a contract, and start.
    2. Stop after some energy, and look the session up in the history.
    3. Look at its record, and open the receipt without a login in a browser.
    4. As the operator: note that the invoice was paid.
    5. As another driver: ask for the session, the record and the receipt.
Postconditions: the session has one record, which is paid; who accepted what is recorded with the time.
Acceptance criteria:
    - Without terms accepted and a contract in force no session starts.
    - The record's total is the fee and the metered energy at the tariff's price, with VAT, to the cent.
    - The receipt asks for the login, leads back, and shows the record's number and total.
    - Another driver finds none of it.
Suspension criteria: the station is not connected, or the EV is not plugged in.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from playwright.sync_api import Page, expect
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of, newcomer

from twinev.client import Client
from twinev.errors import Forbidden, NotFound
from twinev.wire.rest.charge_detail_records import ChargeDetailRecordOut
from twinev.wire.rest.sessions import SessionOut
from twinev.wire.rest.tariffs import PriceComponentWire, TariffElementWire, TariffIn

SITE, STATION = "rotterdam-kruisplein", "RTM-03"
PRICE_PER_KWH, FEE, VAT = Decimal("0.40"), Decimal("0.50"), Decimal("1.21")
CENT = Decimal("0.01")


def test_driver_agrees_charges_and_finds_a_bill_that_only_he_sees(running_cases: RunningSystem, page: Page) -> None:
    operator, driver = client_of(running_cases, "charge_point_operator"), client_of(running_cases, "driver")
    with operator, driver, newcomer(running_cases, "inquisitive") as other:
        wait_until(lambda: operator.station(STATION).evses[0].status == "Occupied", within=60, what="the EV has come")
        _publish(operator)
        operator.allow_at_station(STATION, driver.me().id)

        _agree(driver)
        session = _charge(driver)
        record = _require_record(driver, session)
        _require_receipt(running_cases, page, record)
        _pay(operator, driver, record)
        _require_hidden(other, session, record)
        operator.withdraw_from_station(STATION, driver.me().id)


def _publish(operator: Client) -> None:
    components = (
        PriceComponentWire(type="ENERGY", price=PRICE_PER_KWH, vat_percent=Decimal(21)),
        PriceComponentWire(type="FLAT", price=FEE, vat_percent=Decimal(21)),
    )
    element = TariffElementWire(price_components=components)
    tariff = operator.publish_tariff(TariffIn(id="by-the-kwh", name="By the kWh", elements=(element,)))
    operator.assign_tariff(tariff.id, site_id=SITE, station_id=STATION)
    operator.publish_terms("conditions", title="Conditions of use", text="Leave when you have charged.")


def _agree(driver: Client) -> None:
    (terms,) = driver.terms()
    with pytest.raises(Forbidden):
        driver.start_charging(station_id=STATION, energy_kwh=30)
    driver.accept_terms(terms.id, terms.version)
    with pytest.raises(Forbidden):
        driver.start_charging(station_id=STATION, energy_kwh=30)
    contract = driver.sign_contract()
    assert contract.status == "active"
    (accepted,) = driver.accepted_terms()
    assert (accepted.terms_id, accepted.version) == (terms.id, terms.version)
    assert accepted.app.startswith("acceptance ")


def _charge(driver: Client) -> SessionOut:
    assert driver.start_charging(station_id=STATION, energy_kwh=30, profile="fast").outcome == "accepted"
    wait_until(lambda: driver.sessions(station_id=STATION, active=True), within=30, what="the session has begun")
    (session,) = driver.sessions(station_id=STATION, active=True)
    wait_until(lambda: driver.session(session.id).energy_kwh > 1, within=30, what="energy flows")
    assert driver.session_cost(session.id).total.incl_vat > FEE
    driver.stop_session(session.id)
    wait_until(lambda: driver.session(session.id).ended_at, within=30, what="the session has ended")
    assert session.id in {one.id for one in driver.sessions(active=False)}
    return driver.session(session.id)


def _require_record(driver: Client, session: SessionOut) -> ChargeDetailRecordOut:
    wait_until(lambda: driver.charge_detail_records(session_id=session.id), within=30, what="the session is settled")
    (record,) = driver.charge_detail_records(session_id=session.id)
    registers = driver.meter_values(session.id, measurand="Energy.Active.Import.Register")
    metered_kwh = max(one.value for one in registers) - min(one.value for one in registers)
    assert float(record.cost.energy_kwh) == pytest.approx(session.energy_kwh, abs=0.001)
    assert float(record.cost.energy_kwh) == pytest.approx(metered_kwh, abs=0.5)
    energy = (record.cost.billed_kwh * PRICE_PER_KWH * VAT).quantize(CENT, ROUND_HALF_UP)
    fee = (FEE * VAT).quantize(CENT, ROUND_HALF_UP)
    assert (record.cost.energy.incl_vat, record.cost.fixed.incl_vat) == (energy, fee)
    assert record.cost.total.incl_vat == energy + fee
    assert record.payment_status == "pending"
    assert record.contract_id == driver.contracts()[0].id
    return record


def _require_receipt(running: RunningSystem, page: Page, record: ChargeDetailRecordOut) -> None:
    address = f"{running.api_url}/api/v1/cdrs/{record.id}/receipt"
    account = running.account("driver")
    page.goto(address)
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    assert page.url == address
    expect(page.locator("dl")).to_contain_text(record.id)
    expect(page.locator("tfoot").first).to_contain_text(f"{record.cost.total.incl_vat:.2f}")
    expect(page.locator(".status")).to_have_text("to be paid")


def _pay(operator: Client, driver: Client, record: ChargeDetailRecordOut) -> None:
    with pytest.raises(Forbidden):
        driver.note_payment(record.id, "paid")
    operator.note_payment(record.id, "paid", reference="bank 4711")
    assert driver.charge_detail_record(record.id).payment_status == "paid"
    assert [step.status for step in driver.payments(record.id)][-1] == "paid"


def _require_hidden(other: Client, session: SessionOut, record: ChargeDetailRecordOut) -> None:
    for look in (
        lambda: other.session(session.id),
        lambda: other.session_cost(session.id),
        lambda: other.charge_detail_record(record.id),
        lambda: other.receipt(record.id),
        lambda: other.payments(record.id),
    ):
        with pytest.raises(NotFound):
            look()
    assert other.charge_detail_records() == []
