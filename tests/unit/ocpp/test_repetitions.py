"""What a station sends again is one fact; what it says again is another."""

from datetime import timedelta

import pytest

from twinev.adapters.ocpp.repetitions import MOST_SUBJECTS, REPETITION, Repetitions

SOON = timedelta(seconds=40)


def read_needs(dialects, station, now, *, energy_wh=20_000, evse_id=1):
    if station.protocol == "ocpp1.6":
        data = f'{{"connectorId": {evse_id}, "energy_kwh": {energy_wh / 1000}}}'
        payload = {"vendorId": "twinev", "messageId": "ChargingNeeds", "data": data}
        return dialects[station.protocol].station_messages["DataTransfer"](station, payload, now)
    parameters = {"energyAmount": energy_wh, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 230}
    needs = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": parameters}
    payload = {"evseId": evse_id, "chargingNeeds": needs}
    return dialects[station.protocol].station_messages["NotifyEVChargingNeeds"](station, payload, now)


@pytest.fixture(params=["station_16", "station_201"])
def read(request, dialects, now):
    """Read needs that come ``after`` the first ones."""
    station = request.getfixturevalue(request.param)

    def read_after(after=timedelta(), **said):
        return read_needs(dialects, station, now + after, **said)

    return read_after


def test_needs_that_are_sent_again_are_the_fact_that_was_first_heard(read, now):
    told = Repetitions()
    first = told.settle("A", read())

    again = told.settle("A", read(SOON))

    assert (again.key, again.fact) == (first.key, first.fact)
    assert again.fact.timestamp == now


def test_each_change_of_mind_is_a_fact_of_its_own(read):
    told = Repetitions()

    steps = [told.settle("A", read(n * SOON / 4, energy_wh=wh)) for n, wh in enumerate((20_000, 30_000, 20_000))]

    assert len({step.key for step in steps}) == 3
    assert [step.fact.energy_kwh for step in steps] == [20, 30, 20]


@pytest.mark.parametrize(("station_id", "evse_id", "after"), [("B", 1, SOON), ("A", 2, SOON), ("A", 1, REPETITION)])
def test_equal_needs_elsewhere_or_later_are_another_fact(read, now, station_id, evse_id, after):
    told = Repetitions()
    told.settle("A", read())

    other = told.settle(station_id, read(after, evse_id=evse_id))

    assert other.fact.timestamp == now + after


def test_equal_needs_of_the_next_ev_are_another_fact(dialects, station_201, now):
    told = Repetitions()
    first = told.settle("A", read_needs(dialects, station_201, now))
    ended = {
        "eventType": "Ended",
        "timestamp": "2026-11-22T18:00:06Z",
        "triggerReason": "EVDeparted",
        "seqNo": 9,
        "transactionInfo": {"transactionId": "T"},
    }
    told.settle("A", dialects["ocpp2.0.1"].station_messages["TransactionEvent"](station_201, ended, now))

    second = told.settle("A", read_needs(dialects, station_201, now + SOON))

    assert second.key != first.key


def test_other_messages_pass_unchanged(dialects, station_201, now):
    step = dialects["ocpp2.0.1"].station_messages["Heartbeat"](station_201, {}, now)

    assert Repetitions().settle("A", step) is step


def test_station_that_invents_evses_makes_the_gateway_forget_not_grow(read, now):
    told = Repetitions()
    told.settle("A", read(evse_id=1))

    for evse_id in range(2, MOST_SUBJECTS + 2):
        told.settle("A", read(evse_id=evse_id))

    assert told.settle("A", read(SOON, evse_id=MOST_SUBJECTS)).fact.timestamp == now
    assert told.settle("A", read(SOON, evse_id=1)).fact.timestamp == now + SOON
