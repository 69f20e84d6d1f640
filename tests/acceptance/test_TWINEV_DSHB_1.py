"""TWINEV_DSHB_1: transactions, current and past, with their details and costs.

Module under test: the charge point managers' dashboard: transactions.
Elements validated: lists of sessions, their meter values, plan and measurement, cost, charge detail record.
Features: a manager finds every transaction, follows one that runs, and sees what a past one came to.
Preconditions: EVs are plugged in at two stations, of OCPP 1.6 and 2.0.1; a tariff rules there.
Previous steps: a charge point operator has logged in.
Dependencies: the API, the gateway, the planner, the database, NATS; simulated stations over OCPP 1.6 and 2.0.1.
Steps:
    1. Start at both stations; stop at one after some energy.
    2. List current and past transactions, by station and by site.
    3. Look at the progression of energy of both, and at the plan of the current one.
    4. Compare their costs with the meters, and look for the record of the past one.
    5. As a grid operator: look at a transaction and at its cost.
Postconditions: one transaction is past and has a record; the other is stopped too.
Acceptance criteria:
    - Each transaction is in the list that it belongs to, with card, place, times, and why it ended.
    - The meters' energy only rises; it is that of the transaction.
    - The cost is the energy at the tariff's price; a record exists once a transaction has ended, and not before.
    - A grid operator sees the transaction and no bill.
Suspension criteria: the stations are not connected, or their EVs are not plugged in.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of

from twinev.client import Client
from twinev.errors import Forbidden, NotFound
from twinev.wire.rest.sessions import SessionOut
from twinev.wire.rest.tariffs import PriceComponentWire, TariffElementWire, TariffIn

SITE = "utrecht-croeselaan"
PAST, CURRENT = "UTR-01", "UTR-02"
CARDS = {PAST: "DEMO-CARD-01", CURRENT: "DEMO-CARD-02"}
PRICE_PER_KWH = Decimal("0.35")
# Between two readings of the meter at 11 kW. [kWh]
READING_KWH = 0.5


def test_transactions_are_found_followed_and_costed(running_cases: RunningSystem) -> None:
    grid, operator = client_of(running_cases, "grid_operator"), client_of(running_cases, "charge_point_operator")
    with grid, operator:
        _publish(operator)
        past, current = (_start(operator, station) for station in CARDS)
        operator.stop_session(past.id)
        wait_until(lambda: operator.session(past.id).ended_at, within=30, what="the first one has ended")
        past = operator.session(past.id)

        _require_lists(operator, past, current)
        _require_progression(operator, past, current)
        cdr_id = _require_costs(operator, past, current)
        assert grid.session(past.id).energy_kwh == past.energy_kwh
        assert grid.session_progress(current.id).cost is None
        assert grid.charge_detail_records() == []
        for look in (lambda: grid.session_cost(current.id), lambda: grid.receipt(cdr_id)):
            with pytest.raises((Forbidden, NotFound)):
                look()
        operator.stop_session(current.id)


def _publish(operator: Client) -> None:
    component = PriceComponentWire(type="ENERGY", price=PRICE_PER_KWH)
    element = TariffElementWire(price_components=(component,))
    tariff = operator.publish_tariff(TariffIn(id="bays", name="Bays", elements=(element,)))
    for station in CARDS:
        operator.assign_tariff(tariff.id, site_id=SITE, station_id=station)


def _start(operator: Client, station: str) -> SessionOut:
    wait_until(lambda: operator.station(station).evses[0].status == "Occupied", within=60, what="the EV has come")
    assert operator.start_session(station, id_token=CARDS[station]).outcome == "accepted"
    wait_until(lambda: operator.sessions(station_id=station, active=True), within=30, what="the session has begun")
    (session,) = operator.sessions(station_id=station, active=True)
    wait_until(lambda: operator.session(session.id).energy_kwh > 1, within=60, what="energy flows")
    return session


def _require_lists(operator: Client, past: SessionOut, current: SessionOut) -> None:
    assert past.id in {one.id for one in operator.sessions(active=False, site_id=SITE)}
    assert current.id in {one.id for one in operator.sessions(active=True, site_id=SITE)}
    assert [one.id for one in operator.sessions(station_id=PAST)] == [past.id]
    assert operator.sessions(station_id=PAST, active=True) == []
    assert (past.station_id, past.site_id, past.evse_id, past.id_token) == (PAST, SITE, 1, CARDS[PAST])
    assert past.started_at < past.ended_at
    assert past.stop_reason == "Remote"
    assert operator.session(current.id).ended_at is None


def _require_progression(operator: Client, past: SessionOut, current: SessionOut) -> None:
    for session in (past, current):
        registers = operator.meter_values(session.id, measurand="Energy.Active.Import.Register")
        values = [one.value for one in sorted(registers, key=lambda one: one.timestamp)]
        assert len(values) > 2
        assert all(after >= before for before, after in pairwise(values))
        energy_kwh = operator.session(session.id).energy_kwh
        assert energy_kwh == pytest.approx(values[-1] - values[0], abs=READING_KWH)
    progress = operator.session_progress(current.id)
    assert progress.plan
    assert progress.planned_kw is not None
    assert progress.power_kw <= progress.planned_kw + 0.1


def _require_costs(operator: Client, past: SessionOut, current: SessionOut) -> str:
    wait_until(lambda: operator.charge_detail_records(session_id=past.id), within=30, what="the past one is settled")
    (record,) = operator.charge_detail_records(session_id=past.id)
    assert record.place.station_id == PAST
    assert float(record.cost.energy_kwh) == pytest.approx(past.energy_kwh, abs=0.001)
    for cost in (record.cost, operator.session_cost(current.id)):
        assert cost.energy.excl_vat == round(cost.billed_kwh * PRICE_PER_KWH, 2)
        assert cost.total == cost.energy
        assert cost.energy_kwh > 1
    assert operator.charge_detail_records(session_id=current.id) == []
    return record.id
