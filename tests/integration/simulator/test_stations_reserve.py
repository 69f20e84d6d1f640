"""Stations that keep an EVSE for somebody: told, used, given up, run out, in each version over real sockets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import ocpp.v16.call as call16
import ocpp.v201.call as call201
import pytest

from twinev.simulator.fleet import StationSpec

VERSIONS = ["1.6", "2.0.1", "2.1"]
NUMBER = 7
STARTED = {"1.6": "StartTransaction"}
COMES = {"at_seconds": 1200, "energy_kwh": 30, "stay_minutes": 600}


def reserve(ocpp: str, *, minutes: float, group: str | None = None) -> Any:
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    if ocpp == "1.6":
        return call16.ReserveNow(
            connector_id=1, expiry_date=until, id_tag="DORA", reservation_id=NUMBER, parent_id_tag=group
        )
    token, group_token = {"idToken": "DORA", "type": "Central"}, {"idToken": group, "type": "Central"}
    return call201.ReserveNow(
        id=NUMBER,
        expiry_date_time=until,
        id_token=token,
        evse_id=1,
        group_id_token=group_token if group else None,
    )


def cancel(ocpp: str) -> Any:
    return (call16 if ocpp == "1.6" else call201).CancelReservation(reservation_id=NUMBER)


def start(ocpp: str, id_token: str) -> Any:
    if ocpp == "1.6":
        return call16.RemoteStartTransaction(id_token, connector_id=1)
    return call201.RequestStartTransaction({"idToken": id_token, "type": "Central"}, 5, evse_id=1)


def statuses(csms) -> list[str]:
    return [p.get("status", p.get("connectorStatus")) for p in csms.of("StatusNotification")]


def run(open_csms, simulated, ocpp: str, visits: list[dict], scenario) -> Any:
    async def go():
        async with open_csms() as csms:
            spec = StationSpec(id="ST-1", ocpp=ocpp)
            async with simulated(csms, [spec], {"ST-1": visits}, speed=600.0):
                await csms.until(lambda: statuses(csms))
                await scenario(csms, csms.stations["ST-1"])
            return csms

    return asyncio.run(go())


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_kept_evse_is_shown_and_given_up(open_csms, simulated, ocpp):
    answers = []

    async def scenario(csms, station):
        messages = (reserve(ocpp, minutes=600), cancel(ocpp), cancel(ocpp))
        answers.extend([await station.call(message) for message in messages])
        await csms.until(lambda: len(statuses(csms)) == 3)

    csms = run(open_csms, simulated, ocpp, [], scenario)

    assert [answer.status for answer in answers] == ["Accepted", "Accepted", "Rejected"]
    assert statuses(csms) == ["Available", "Reserved", "Available"]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_kept_evse_starts_for_its_driver_alone(open_csms, simulated, ocpp):
    answers = []

    async def scenario(csms, station):
        answers.append(await station.call(reserve(ocpp, minutes=600)))
        await csms.until(lambda: statuses(csms)[-1] in ("Preparing", "Occupied"))
        answers.append(await station.call(start(ocpp, "EMIL")))
        answers.append(await station.call(start(ocpp, "dora")))
        await csms.until(lambda: csms.of(STARTED.get(ocpp, "TransactionEvent")))

    csms = run(open_csms, simulated, ocpp, [COMES | {"id_token": None}], scenario)

    assert [answer.status for answer in answers] == ["Accepted", "Rejected", "Accepted"]
    assert csms.of(STARTED.get(ocpp, "TransactionEvent"))[0]["reservationId"] == NUMBER
    assert csms.of("Authorize") == []


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_another_card_is_refused_at_a_kept_evse(open_csms, simulated, ocpp):
    async def scenario(csms, station):
        await station.call(reserve(ocpp, minutes=600))
        await csms.until(lambda: {"Finishing", "Occupied"} & set(statuses(csms)) and statuses(csms)[-1] == "Reserved")

    csms = run(open_csms, simulated, ocpp, [COMES], scenario)

    assert csms.of("Authorize") == []
    assert csms.of(STARTED.get(ocpp, "TransactionEvent")) == []


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_reservation_that_nobody_uses_runs_out(open_csms, simulated, ocpp):
    async def scenario(csms, station):
        await station.call(reserve(ocpp, minutes=20))
        await csms.until(lambda: statuses(csms)[-2:] == ["Reserved", "Available"])
        if ocpp != "1.6":
            await csms.until(lambda: csms.of("ReservationStatusUpdate"))

    csms = run(open_csms, simulated, ocpp, [], scenario)

    told = csms.of("ReservationStatusUpdate")
    expected = [] if ocpp == "1.6" else [{"reservationId": NUMBER, "reservationUpdateStatus": "Expired"}]
    assert told == expected


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_evse_in_use_cannot_be_kept(open_csms, simulated, ocpp):
    answers = []

    async def scenario(csms, station):
        await csms.until(lambda: csms.of(STARTED.get(ocpp, "TransactionEvent")))
        answers.append(await station.call(reserve(ocpp, minutes=600)))

    run(open_csms, simulated, ocpp, [COMES | {"at_seconds": 1}], scenario)

    assert answers[0].status == "Occupied"


@pytest.mark.parametrize("ocpp", VERSIONS)
@pytest.mark.parametrize("group", ["Dora", "Emil"])
def test_another_card_of_the_same_driver_will_do(open_csms, simulated, ocpp, group):
    started = STARTED.get(ocpp, "TransactionEvent")

    async def scenario(csms, station):
        csms.token_group = group
        await station.call(reserve(ocpp, minutes=600, group="DORA"))
        await csms.until(lambda: csms.of("Authorize"))
        await csms.until(lambda: csms.of(started) or {"Finishing", "Reserved"} & set(statuses(csms)[2:]))

    csms = run(open_csms, simulated, ocpp, [COMES], scenario)

    assert bool(csms.of(started)) is (group == "Dora")
