"""When an order's session is to be stopped, and what a state of charge comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_order import BatteryState, ChargeOrder
from twinev.domain.vehicles import ChargingNeeds
from twinev.errors import BadInput

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def order(**changes) -> ChargeOrder:
    common = {"id": "o", "user_id": "u", "station_id": "A", "evse_id": 1, "id_token": "t", "ordered_at": START}
    return ChargeOrder(**common | changes)


@pytest.mark.parametrize(
    ("changes", "energy_kwh", "after", "due"),
    [
        ({"needs": ChargingNeeds(energy_kwh=5)}, 4.98, HOUR, None),
        ({"needs": ChargingNeeds(energy_kwh=5)}, 4.99, HOUR, "target"),
        ({"needs": ChargingNeeds(energy_kwh=5), "stop_at_target": False}, 9, HOUR, None),
        ({}, 99, HOUR, None),
        ({"stop_at": START + HOUR}, 0, HOUR - timedelta(seconds=1), None),
        ({"stop_at": START + HOUR}, 0, HOUR, "window"),
        ({"stop_at": START + HOUR, "needs": ChargingNeeds(energy_kwh=5)}, 6, HOUR, "window"),
    ],
)
def test_order_is_due_at_its_target_or_its_end(changes, energy_kwh, after, due):
    assert order(**changes).due(energy_kwh, START + after) == due


def test_target_ends_nothing_while_the_battery_is_drawn_on():
    wanted = order(needs=ChargingNeeds(energy_kwh=5), stop_at=START + 3 * HOUR)
    departure = START + 2 * HOUR

    assert wanted.due(5.0, departure - timedelta(seconds=1), draws_on_until=departure) is None
    assert wanted.due(5.0, departure, draws_on_until=departure) == "target"
    assert wanted.due(4.0, START + 3 * HOUR, draws_on_until=START + 4 * HOUR) == "window"


def test_energy_follows_from_the_states_of_charge():
    battery = BatteryState(battery_kwh=50, soc=0.4, target_soc=0.8)

    assert battery.needed_kwh == pytest.approx(20)
    assert battery.soc_after(10) == pytest.approx(0.6)
    assert battery.soc_after(99) == 1


@pytest.mark.parametrize("wrong", [{"soc": 1.2}, {"target_soc": 0.3}, {"battery_kwh": 0}, {"soc": float("nan")}])
def test_battery_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadInput):
        BatteryState(**{"battery_kwh": 50, "soc": 0.4, "target_soc": 0.8} | wrong)
