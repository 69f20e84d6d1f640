"""The station's state machine without socket: what it reports, in which order, whatever the ticks."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.simulator.arrivals import ScriptedVisits
from twinev.simulator.drivers import SeededVisits
from twinev.simulator.faults import Fault, FaultKind
from twinev.simulator.fleet import ClockSetting, ProfileManner, StationSpec
from twinev.simulator.ledger import Ledger, read_ledger
from twinev.simulator.limits import STATION_MAX, TX_DEFAULT, Period, StationProfile
from twinev.simulator.memory import MemoryFile
from twinev.simulator.simulation import Agenda
from twinev.simulator.station import Station
from twinev.simulator.v16 import V16
from twinev.simulator.v21 import V21
from twinev.simulator.v201 import V201

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class StoppedClock:
    """Shows what it is set to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def to(self, seconds: float) -> None:
        self.at = START + timedelta(seconds=seconds)


@dataclass
class Kept:
    """A directory for a station's memory and ledger; `closing` closes what was opened there."""

    directory: Path
    closing: ExitStack

    @property
    def ledger_path(self) -> Path:
        return self.directory / "ledger.jsonl"


@pytest.fixture
def kept(tmp_path):
    with ExitStack() as closing:
        yield Kept(directory=tmp_path, closing=closing)


def station_at(
    clock: StoppedClock,
    *,
    visit: dict | None = None,
    dialect=None,
    kept: Kept | None = None,
    faults: tuple[Fault, ...] = (),
    **options,
) -> Station:
    ledger = Ledger(kept and kept.ledger_path)
    arrival = {"at_seconds": 10, "energy_kwh": 20, "stay_minutes": 10} | (visit or {})
    arrivals = {("ST-1", number): [arrival] for number in range(1, options.get("evses", 1) + 1)}
    station = Station(
        spec=StationSpec(**{"id": "ST-1", "ocpp": "2.0.1"} | options),
        dialect=dialect or V201(),
        clock=clock,
        visits=ScriptedVisits(arrivals=arrivals, origin=START, id_tokens=["CARD"]),
        faults=faults,
        ledger=ledger,
        memory_file=MemoryFile(kept and kept.directory, "ST-1"),
    )
    if kept:
        kept.closing.callback(ledger.close)
        kept.closing.callback(station.reports.queue.close)
    return station


def charging_station(clock: StoppedClock, **options) -> Station:
    """A station whose EV has charged for a minute."""
    station = station_at(clock, **options)
    clock.to(10)
    station.connected()
    for evse in station.evses:
        station.answers.authorized(evse.id, "CARD", "Accepted")
    clock.to(70)
    station.catch_up()
    return station


def limit(kw: float, **more) -> StationProfile:
    given = {"purpose": TX_DEFAULT, "stack_level": 0, "evse_id": 1, "unit": "W", "start": START}
    return StationProfile(id=1, periods=(Period(start_seconds=0, limit=kw * 1000),), **(given | more))


def sent(station: Station) -> list[dict]:
    found = []
    while (message := station.reports.queue.first()) is not None:
        found.append(message.payload)
        station.reports.queue.done(message)
    return found


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.001, 200), min_size=1, max_size=20))
def test_what_is_reported_does_not_depend_on_how_often_the_clock_is_looked_at(ticks):
    def messages(instants: list[float]) -> list[tuple]:
        clock = StoppedClock()
        station = charging_station(clock)
        for instant in instants:
            clock.to(70 + instant)
            station.catch_up()
        return [
            (payload["timestamp"], payload["triggerReason"], payload.get("meterValue"))
            for payload in sent(station)
            if "seqNo" in payload
        ]

    instants = [sum(ticks[: count + 1]) for count in range(len(ticks))]
    fine, coarse = messages(instants), messages(instants[-1:])
    assert [message[:2] for message in fine] == [message[:2] for message in coarse]
    for one, other in zip(fine, coarse, strict=True):
        for sample, same in zip(_values(one), _values(other), strict=True):
            # Summing in other pieces may turn the last digit.
            assert sample == pytest.approx(same, abs=0.11)


def _values(message: tuple) -> list[float]:
    return [sample["value"] for value in message[2] or () for sample in value["sampledValue"]]


def test_nothing_flows_before_the_authorisation_and_after_the_departure():
    clock = StoppedClock()
    station = station_at(clock)
    clock.to(5)
    station.connected()
    clock.to(60)
    station.catch_up()
    assert (station.evses[0].imported_wh, station.evses[0].card_to_authorize) == (0, "CARD")
    station.answers.authorized(1, "CARD", "Accepted")
    clock.to(700)
    station.catch_up()
    at_departure_wh = station.evses[0].imported_wh
    clock.to(7000)
    station.catch_up()
    assert station.evses[0].imported_wh == at_departure_wh > 1000
    assert (station.evses[0].transaction, station.evses[0].plugged) == (None, None)


def test_offline_station_lets_its_driver_charge_after_half_a_minute():
    clock = StoppedClock()
    station = station_at(clock)
    clock.to(39)
    station.catch_up()
    assert station.evses[0].transaction is None
    clock.to(41)
    station.catch_up()
    assert station.evses[0].transaction.started_at == START + timedelta(seconds=40)
    assert sent(station)[0]["offline"] is True


def test_power_follows_a_profile_within_the_ramp_and_the_new_power_is_reported_at_once():
    clock = StoppedClock()
    station = charging_station(clock)
    sent(station)
    assert station.orders.install(limit(6)) is None
    clock.to(73)
    station.catch_up()
    assert station.power_kw == pytest.approx(6)
    (payload,) = sent(station)
    assert payload["triggerReason"] == "ChargingRateChanged"
    # From 11 to 6 kW at 2.75 kW/s: settled after 1.82 s.
    assert payload["timestamp"] == "2026-11-23T12:01:11.819Z"
    assert payload["meterValue"][0]["sampledValue"][1]["value"] == pytest.approx(6000, abs=5)


def test_limit_below_the_least_current_suspends_the_charging_and_says_so():
    clock = StoppedClock()
    station = charging_station(clock)
    station.orders.install(limit(4))
    clock.to(79)
    station.catch_up()
    assert station.power_kw == 0
    assert station.evses[0].condition.current == "SuspendedEVSE"
    states = [payload["transactionInfo"]["chargingState"] for payload in sent(station) if "seqNo" in payload]
    assert states[-1] == "SuspendedEVSE"


def test_satisfied_ev_suspends_the_charging():
    clock = StoppedClock()
    station = charging_station(clock, visit={"energy_kwh": 0.5})
    clock.to(400)
    station.catch_up()
    assert station.evses[0].condition.current == "SuspendedEV"
    assert station.evses[0].imported_wh == pytest.approx(500, abs=0.01)


def test_profile_that_ends_gives_the_power_back_without_anybody_telling():
    clock = StoppedClock()
    station = charging_station(clock)
    station.orders.install(limit(6, duration_seconds=120))
    clock.to(119)
    station.catch_up()
    assert station.power_kw == pytest.approx(6)
    clock.to(125)
    station.catch_up()
    assert station.power_kw == pytest.approx(11)


def test_refused_card_ends_a_transaction_that_began_offline():
    clock = StoppedClock()
    station = station_at(clock)
    clock.to(60)
    station.catch_up()
    station.connected()
    station.answers.confirmed(station.reports.queue.first(), {"idTokenInfo": {"status": "Invalid"}})
    assert station.evses[0].transaction is None
    assert sent(station)[-1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"


def test_start_from_afar_waits_for_the_plug_and_takes_its_profile_along():
    clock = StoppedClock()
    station = station_at(clock)
    station.connected()
    tx_profile = limit(5, purpose="TxProfile", start=None, kind="Relative")
    assert station.orders.start_from_afar("REMOTE", remote_start_id=4, profile=tx_profile)
    clock.to(60)
    station.catch_up()
    assert station.evses[0].transaction.id_token == "REMOTE"
    assert station.power_kw == pytest.approx(5)


def test_number_that_the_central_system_allots_is_in_what_waits_behind_the_start():
    clock = StoppedClock()
    station = charging_station(clock, dialect=V16())
    reports = station.reports
    start = reports.queue.first()
    station.answers.confirmed(start, {"transactionId": 77, "idTagInfo": {"status": "Accepted"}})
    addressed = {message.action: reports.to_send(message) for message in list(reports.queue._messages)}
    assert addressed["MeterValues"]["transactionId"] == 77
    assert station.orders.stop_from_afar("77")
    assert reports.to_send(list(reports.queue._messages)[-1])["transactionId"] == 77


def test_ledger_and_queue_agree_about_what_waits(kept):
    clock = StoppedClock()
    station = charging_station(clock, kept=kept)
    numbers = [message.number for message in station.reports.queue._messages]
    # A change of the charging state carries no fact that is in the ledger.
    assert read_ledger(kept.ledger_path).undelivered["ST-1"] < set(numbers)
    while (message := station.reports.queue.first()) is not None:
        station.answers.confirmed(message, {})
    assert read_ledger(kept.ledger_path).all_delivered


def test_restart_ends_the_transaction_when_the_power_went_and_keeps_register_and_ev(kept):
    clock = StoppedClock()
    station = charging_station(clock, kept=kept)
    station.close()
    clock.to(200)
    again = station_at(clock, kept=kept)
    assert again.evses[0].imported_wh == station.evses[0].imported_wh
    (ended,) = (found["ended"] for found in read_ledger(kept.ledger_path).transactions.values())
    assert (ended["timestamp"], ended["reason"]) == ("2026-11-23T12:01:10.000Z", "PowerLoss")
    assert again.evses[0].card_to_authorize == "CARD"
    assert again.evses[0].plugged.state.delivered_kwh == station.evses[0].plugged.state.delivered_kwh
    again.connected()
    again.answers.authorized(1, "CARD", "Accepted")
    numbers = [message.number for message in again.reports.queue._messages]
    assert numbers == sorted(set(numbers))


def test_restart_after_the_departure_finds_the_place_empty(kept):
    clock = StoppedClock()
    charging_station(clock, kept=kept).close()
    clock.to(3600)
    again = station_at(clock, kept=kept)
    clock.to(3601)
    again.catch_up()
    assert (again.evses[0].plugged, again.evses[0].transaction) == (None, None)


def test_restart_with_an_earlier_clock_keeps_the_rest_of_the_stay(kept):
    clock = StoppedClock()
    station = charging_station(clock, kept=kept)
    left = station.evses[0].plugged.departs_at - clock.at
    station.close()
    clock.to(-1000)
    again = station_at(clock, kept=kept)
    assert again.evses[0].plugged.departs_at - clock.at == left


def fault(kind: FaultKind, at_seconds: float, seconds: float, **more) -> Fault:
    return Fault(at=START + timedelta(seconds=at_seconds), kind=kind, seconds=seconds, **more)


def events(payloads: list[dict], evse_transaction: str | None = None) -> list[dict]:
    found = [payload for payload in payloads if "seqNo" in payload]
    return [p for p in found if evse_transaction in (None, p["transactionInfo"]["transactionId"])]


def test_evses_of_a_station_have_transactions_and_registers_of_their_own():
    clock = StoppedClock()
    station = charging_station(clock, evses=2)
    first, second = station.evses
    assert station.power_kw == pytest.approx(22)
    assert station.orders.install(limit(5, evse_id=2)) is None
    clock.to(80)
    station.catch_up()
    assert (first.outlet.power_kw, second.outlet.power_kw) == (pytest.approx(11), pytest.approx(5))
    assert first.imported_wh > second.imported_wh > 0
    transactions = [evse.transaction.id for evse in station.evses]
    payloads = sent(station)
    for evse_id, transaction in enumerate(transactions, start=1):
        told = events(payloads, transaction)
        assert told[0]["evse"] == {"id": evse_id, "connectorId": 1}
        assert [payload["seqNo"] for payload in told] == list(range(len(told)))


def test_evses_in_use_share_the_maximum_of_their_station():
    clock = StoppedClock()
    station = charging_station(clock, evses=2)
    station.orders.install(limit(12, purpose=STATION_MAX, evse_id=0))
    clock.to(80)
    station.catch_up()
    assert [evse.outlet.power_kw for evse in station.evses] == pytest.approx([6, 6])
    assert station.orders.stop_from_afar(station.evses[0].transaction.id)
    clock.to(90)
    station.catch_up()
    assert [evse.outlet.power_kw for evse in station.evses] == pytest.approx([0, 11])
    _, periods = station.orders.composite(0, 60, "W")
    assert [period.limit for period in periods] == [12000]


def test_setpoint_below_zero_discharges_and_the_export_register_counts():
    clock = StoppedClock()
    visit = {"max_discharge_kw": 11, "soc": 0.8, "min_soc": 0.2, "energy_kwh": 5}
    station = charging_station(clock, dialect=V21(), ocpp="2.1", discharge_kw=11, visit=visit)
    (needs,) = (payload for payload in sent(station) if "chargingNeeds" in payload)
    assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "AC_BPT"
    assert needs["chargingNeeds"]["v2xChargingParameters"]["maxDischargePower"] == 11_000
    assert needs["chargingNeeds"]["v2xChargingParameters"]["evMinEnergyRequest"] == -36_000
    assert station.orders.install(limit(-6)) is None
    clock.to(430)
    station.catch_up()
    (evse,) = station.evses
    assert evse.outlet.power_kw == pytest.approx(-6)
    assert evse.condition.current == "Charging"
    # Six minutes at 6 kW, less the ramp down from 11 kW.
    assert evse.exported_wh == pytest.approx(600, abs=12)
    samples = {s["measurand"]: s["value"] for s in events(sent(station))[-1]["meterValue"][0]["sampledValue"]}
    assert samples["Power.Active.Export"] == pytest.approx(6000)
    assert samples["Power.Active.Import"] == 0
    assert samples["Energy.Active.Export.Register"] == pytest.approx(evse.exported_wh, abs=20)


def test_profile_that_is_accepted_and_not_followed_is_in_the_composite_schedule_all_the_same():
    clock = StoppedClock()
    station = charging_station(clock, profiles=ProfileManner.IGNORED)
    assert station.orders.install(limit(4.5)) is None
    clock.to(90)
    station.catch_up()
    assert station.power_kw == pytest.approx(11)
    _, (period,) = station.orders.composite(1, 60, "W")
    assert period.limit == 4500


def test_connection_that_fails_returns_when_its_time_is_over_and_the_ev_charges_on():
    clock = StoppedClock()
    station = charging_station(clock, faults=(fault(FaultKind.OFFLINE, 100, 60),))
    cuts = []
    station.on_cut = cuts.append
    sent(station)
    clock.to(130)
    station.catch_up()
    assert (cuts, station.online) == ([False], False)
    assert station.offline_until == START + timedelta(seconds=160)
    assert station.power_kw == pytest.approx(11)
    told = events(sent(station))
    assert [payload.get("offline", False) for payload in told] == [
        payload["timestamp"] > "2026-11-23T12:01:40.000Z" for payload in told
    ]


def test_reboot_ends_the_transaction_and_begins_counters_anew():
    clock = StoppedClock()
    station = charging_station(
        clock, faults=(fault(FaultKind.REBOOT, 100, 60),), transaction_ids_reset=True, visit={"stay_minutes": 30}
    )
    cuts = []
    station.on_cut = cuts.append
    clock.to(159)
    station.catch_up()
    assert cuts == [True]
    assert station.evses[0].transaction is None
    before_wh = station.evses[0].imported_wh
    clock.to(170)
    station.catch_up()
    # Its power is back, its connection is not, and the driver has waited long enough.
    payloads = events(sent(station))
    (ended,) = (payload for payload in payloads if payload["eventType"] == "Ended")
    assert (ended["transactionInfo"]["stoppedReason"], ended["triggerReason"]) == ("Reboot", "ResetCommand")
    assert {payload["transactionInfo"]["transactionId"] for payload in payloads} == {"1"}
    assert [payload["eventType"] for payload in payloads].count("Started") == 2
    assert station.evses[0].imported_wh > before_wh


def test_limit_that_somebody_else_sets_holds_for_its_time_and_is_told():
    clock = StoppedClock()
    station = charging_station(clock, faults=(fault(FaultKind.CHARGING_LIMIT, 100, 60, limit_kw=5),))
    sent(station)
    clock.to(130)
    station.catch_up()
    assert station.power_kw == pytest.approx(5)
    assert station.orders.clear() == 0
    (told,) = (payload for payload in sent(station) if "chargingLimit" in payload)
    assert told["chargingLimit"] == {"chargingLimitSource": "EMS"}
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 5000}]
    clock.to(170)
    station.catch_up()
    assert station.power_kw == pytest.approx(11)
    assert {"chargingLimitSource": "EMS"} in sent(station)


def test_clock_that_drifts_shows_in_timestamps_until_it_is_corrected():
    clock = StoppedClock()
    station = charging_station(clock, clock_drift_seconds_per_hour=360, visit={"stay_minutes": 200})
    sent(station)
    clock.to(3600)
    station.catch_up()
    # An hour's drift; the EV charges by the true time all the same.
    assert events(sent(station))[-1]["timestamp"] == "2026-11-23T13:06:00.000Z"
    assert station.evses[0].imported_wh == pytest.approx(3590 / 3600 * 11000, abs=20)
    station.time_told(clock.at, by=ClockSetting.HEARTBEAT)
    clock.to(3610)
    station.catch_up()
    assert events(sent(station))[-1]["timestamp"] == "2026-11-23T13:00:11.000Z"


def test_profile_begins_and_ends_by_the_clock_of_the_station():
    clock = StoppedClock()
    station = charging_station(clock, clock_drift_seconds_per_hour=360, visit={"stay_minutes": 200})
    # By its clock, which is fast, it begins six minutes early.
    station.orders.install(limit(5, start=START + timedelta(seconds=3960)))
    clock.to(3595)
    station.catch_up()
    assert station.power_kw == pytest.approx(11)
    clock.to(3605)
    station.catch_up()
    assert station.power_kw == pytest.approx(5)


def test_agenda_lets_only_those_stations_live_for_which_something_is_due():
    clock = StoppedClock()
    idle, busy = station_at(clock, visit={"at_seconds": 5000}), station_at(clock)
    agenda = Agenda([idle, busy], clock)
    clock.to(50)
    agenda.let_time_pass()
    assert busy.evses[0].transaction is not None
    assert idle.next_instant == START + timedelta(seconds=5000)
    # What changes from outside moves the next instant.
    busy.orders.install(limit(6, duration_seconds=100))
    clock.to(105)
    agenda.let_time_pass()
    assert busy.power_kw == pytest.approx(11)


def test_condition_keeps_the_time_at_which_it_was_noted_when_the_clock_is_set_back():
    clock = StoppedClock()
    station = charging_station(clock, clock_drift_seconds_per_hour=1800)
    noted = station.reports.statuses[-1].at
    station.time_told(clock.at, by=ClockSetting.HEARTBEAT)
    station.disconnected()
    station.connected()
    assert [status.at for status in station.reports.statuses] == [noted]
    assert noted > START + timedelta(seconds=10)


def test_start_from_afar_at_an_empty_evse_brings_its_driver():
    clock = StoppedClock()
    spec = StationSpec(id="ST-1", ocpp="2.0.1")
    station = Station(
        spec=spec,
        dialect=V201(),
        clock=clock,
        # The first EV would come after an hour.
        visits=SeededVisits(seed=1, stations=[spec], id_tokens=["CARD"], settle_in_seconds=7200),
        faults=(),
        ledger=Ledger(None),
        memory_file=MemoryFile(None, "ST-1"),
    )
    station.connected()
    clock.to(60)
    station.catch_up()
    assert station.evses[0].plugged is None

    assert station.orders.start_from_afar("REMOTE", remote_start_id=4)
    clock.to(100)
    station.catch_up()

    assert station.evses[0].transaction.id_token == "REMOTE"
    assert station.power_kw > 0
