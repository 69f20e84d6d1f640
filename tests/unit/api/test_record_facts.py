"""What each fact does to sessions, stations and meter values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_points import ChargingState, ConnectorStatus
from twinev.domain.facts import (
    ChargingNeedsNotified,
    ConnectionChanged,
    MetersRead,
    Sample,
    StationFact,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from twinev.domain.vehicles import DriverProfile
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fact(said, key: str | None = None, *, station_id: str = "A", reply_to: str | None = "inbox") -> StationFact:
    return StationFact(
        station_id=station_id,
        protocol="ocpp1.6",
        action="X",
        key=key or repr(said),
        received_at=START,
        fact=said,
        reply_to=reply_to,
    )


def started(minute: int = 0, **changes) -> TransactionStarted:
    common = TransactionStarted(evse_id=1, timestamp=START + minute * MINUTE, id_token="card", meter_start_kwh=100.0)
    return replace(common, **changes)


def register(minute: int, kwh: float, **changes) -> Sample:
    return replace(Sample(timestamp=START + minute * MINUTE, value=kwh, unit="kWh"), **changes)


def power(minute: int, kw: float, **changes) -> Sample:
    return register(minute, kw, measurand="Power.Active.Import", unit="kW", **changes)


def read(*samples: Sample, tx: str | None = "1") -> MetersRead:
    return MetersRead(evse_id=1, ocpp_transaction_id=tx, samples=samples)


@pytest.fixture
def take(database):
    """Take facts in, each batch in a transaction of its own; return the decisions."""

    def taken(*facts: StationFact):
        with database.unit_of_work() as work:
            decisions = record_facts(facts, work=work)
            work.commit()
        return decisions

    return taken


@pytest.fixture
def session_of(database):
    def found(tx: str = "1"):
        with database.reading() as work:
            return next(reversed(work.sessions.of_transaction("A", tx)), None)

    return found


@pytest.fixture
def kinds(database):
    def listed() -> list[str]:
        with database.reading() as work:
            return [event.kind for event in work.outbox.pending(1000)]

    return listed


@pytest.fixture
def aside(database):
    def counted() -> int:
        with database.reading() as work:
            return work.facts.set_aside_since(START - timedelta(days=1))

    return counted


# ── Transactions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_start_opens_a_session_and_allots_a_transaction_id(take, session_of, kinds):
    (decision,) = take(fact(started()))

    assert (decision.status, decision.ocpp_transaction_id) == ("Accepted", "1")
    assert session_of().started_at == START
    assert session_of().id_token == "card"
    assert kinds() == ["session.started"]


@pytest.mark.parametrize(("token", "status"), [("nobody", "Invalid"), ("stolen", "Blocked"), (None, "Accepted")])
def test_start_gets_a_transaction_id_whatever_is_thought_of_the_card(take, session_of, token, status):
    (decision,) = take(fact(started(id_token=token)))

    assert (decision.status, decision.ocpp_transaction_id) == (status, "1")
    assert session_of().active


def test_site_that_accepts_strangers_accepts_an_unknown_card(database, take):
    with database.unit_of_work() as work:
        work.sites.save(replace(work.sites.get("s"), accepts_unknown_tokens=True))
        work.commit()

    assert take(fact(started(id_token="nobody")))[0].status == "Accepted"


def test_start_that_is_repeated_is_the_same_transaction(take, database, kinds):
    first = take(fact(started()))
    again = take(fact(started()), fact(started()))

    assert again == first * 2
    assert kinds() == ["session.started"]
    with database.reading() as work:
        assert len(work.sessions.list(limit=10)) == 1


def test_same_key_with_other_content_is_set_aside(take, session_of, aside):
    take(fact(started(), "key"))
    (decision,) = take(fact(started(meter_start_kwh=7.0), "key"))

    assert decision.ocpp_transaction_id == "1"
    assert session_of().meter_start_kwh == 100.0
    assert aside() == 1


def test_start_ends_the_session_that_an_older_transaction_still_holds(take, session_of, kinds):
    take(fact(started()))
    take(fact(started(minute=30)))

    assert session_of("1").stop_reason == "Other"
    assert session_of("1").ended_at == START + 30 * MINUTE
    assert session_of("2").active
    assert kinds() == ["session.started", "session.ended", "session.started"]


def test_start_that_was_queued_leaves_a_newer_session_alone(take, session_of):
    take(fact(started(minute=30)))
    take(fact(started(minute=0)))

    assert session_of("1").active
    assert session_of("2").active


def test_end_that_was_queued_corrects_a_superseded_session(take, session_of):
    take(fact(started()), fact(started(minute=30)))
    end = TransactionEnded(
        ocpp_transaction_id="1", timestamp=START + 20 * MINUTE, meter_stop_kwh=104.0, reason="EVDisconnected"
    )
    take(fact(end))

    assert session_of("1").ended_at == START + 20 * MINUTE
    assert session_of("1").stop_reason == "EVDisconnected"
    assert session_of("1").energy_kwh == 4.0


def test_end_closes_the_session_with_its_energy(take, session_of, kinds):
    end = TransactionEnded(ocpp_transaction_id="1", timestamp=START + 60 * MINUTE, meter_stop_kwh=111.0)
    take(fact(started()), fact(read(power(1, 11.0))), fact(end))

    session = session_of()
    assert (session.energy_kwh, session.power_kw, session.stop_reason) == (11.0, 0.0, "Local")
    assert session.charging_state is ChargingState.IDLE
    assert kinds()[-1] == "session.ended"


def test_second_end_with_other_content_is_set_aside(take, session_of, aside):
    end = TransactionEnded(ocpp_transaction_id="1", timestamp=START + 60 * MINUTE, meter_stop_kwh=111.0)
    take(fact(started()), fact(end))
    take(fact(replace(end, timestamp=START + 90 * MINUTE)))

    assert session_of().ended_at == START + 60 * MINUTE
    assert aside() == 1


def test_start_that_gives_an_ended_name_again_begins_a_session_of_its_own(take, database, aside):
    def event(kind, minute: int, **said) -> StationFact:
        common = {"ocpp_transaction_id": "tx", "timestamp": START + minute * MINUTE}
        return fact(kind(**common | said), f"{kind.__name__} {minute}")

    first = event(TransactionStarted, 0, evse_id=1, seq_no=0, samples=(register(0, 100.0),))
    update = event(TransactionUpdated, 10, seq_no=1, samples=(register(10, 101.0),))
    end = event(TransactionEnded, 20, seq_no=2, samples=(register(20, 102.0),))
    take(first, end)

    take(event(TransactionStarted, 30, evse_id=1, seq_no=0, samples=(register(30, 200.0),)))
    take(event(TransactionUpdated, 40, seq_no=1, charging_state="Charging", samples=(register(40, 204.0),)))
    # What the station had queued before its counter began anew, and what it sends a second time.
    take(update, first, end)

    with database.reading() as work:
        older, newer = work.sessions.of_transaction("A", "tx")
        measured = [[sample.value for sample in work.meter_values.of_session(one)] for one in (older, newer)]
    assert (older.started_at, older.ended_at) == (START, START + 20 * MINUTE)
    assert (older.energy_kwh, older.events.gaps, older.events.last) == (2.0, (), 2)
    assert (newer.started_at, newer.ended_at) == (START + 30 * MINUTE, None)
    assert (newer.energy_kwh, newer.events.gaps, newer.events.last) == (4.0, (), 1)
    assert newer.charging_state is ChargingState.CHARGING
    assert measured == [[100.0, 101.0, 102.0], [200.0, 204.0]]
    assert aside() == 0

    take(event(TransactionEnded, 50, seq_no=2, meter_stop_kwh=None, samples=(register(50, 205.0),)))

    with database.reading() as work:
        older, newer = work.sessions.of_transaction("A", "tx")
    assert (older.ended_at, newer.ended_at) == (START + 20 * MINUTE, START + 50 * MINUTE)
    assert newer.energy_kwh == 5.0


def test_name_that_comes_again_within_one_batch_makes_two_sessions(take, database):
    take(
        fact(started(ocpp_transaction_id="tx", evse_id=1)),
        fact(TransactionEnded(ocpp_transaction_id="tx", timestamp=START + 9 * MINUTE)),
        fact(started(minute=10, ocpp_transaction_id="tx", evse_id=2)),
        fact(TransactionEnded(ocpp_transaction_id="tx", timestamp=START + 19 * MINUTE)),
    )

    with database.reading() as work:
        ends = [session.ended_at for session in work.sessions.of_transaction("A", "tx")]
    assert ends == [START + 9 * MINUTE, START + 19 * MINUTE]


def test_start_that_comes_after_its_own_end_is_not_another_session(take, session_of, database):
    take(fact(TransactionUpdated(evse_id=1, ocpp_transaction_id="tx", timestamp=START + MINUTE)))
    take(fact(TransactionEnded(ocpp_transaction_id="tx", timestamp=START + 9 * MINUTE)))
    take(fact(started(ocpp_transaction_id="tx")))

    with database.reading() as work:
        (session,) = work.sessions.of_transaction("A", "tx")
    assert (session.started_at, session.ended_at) == (START, START + 9 * MINUTE)


def test_end_of_an_unknown_transaction_is_kept_and_accepted(take, aside, database):
    end = TransactionEnded(
        ocpp_transaction_id="99", timestamp=START, meter_stop_kwh=5.0, id_token="card", samples=(register(0, 5.0),)
    )
    (decision,) = take(fact(end))

    assert decision.status == "Accepted"
    assert aside() == 1


def test_update_of_an_unknown_transaction_becomes_its_session(take, session_of):
    take(fact(TransactionUpdated(evse_id=1, ocpp_transaction_id="tx", timestamp=START + MINUTE, id_token="card")))
    take(fact(started(ocpp_transaction_id="tx")))

    assert session_of("tx").started_at == START
    assert session_of("tx").id_token == "card"


def test_update_changes_the_charging_state_once(take, session_of, kinds):
    update = TransactionUpdated(ocpp_transaction_id="tx", timestamp=START + MINUTE, charging_state="Charging")
    take(fact(started(ocpp_transaction_id="tx", charging_state="EVConnected")))
    take(fact(update, "1", reply_to=None), fact(update, "2", reply_to=None))

    assert session_of("tx").charging_state is ChargingState.CHARGING
    assert kinds() == ["session.started", "session.updated", "session.updated"]


def test_fact_that_nobody_waits_for_has_no_decision(take):
    update = TransactionUpdated(ocpp_transaction_id="1", timestamp=START + MINUTE)
    assert take(fact(started()), fact(update, reply_to=None), fact(read(), reply_to=None))[1:] == [None, None]


def test_events_that_do_not_come_are_seen_until_they_do(take, session_of, kinds):
    def update(number: int) -> StationFact:
        return fact(TransactionUpdated(ocpp_transaction_id="tx", timestamp=START + number * MINUTE, seq_no=number))

    take(fact(started(ocpp_transaction_id="tx", seq_no=0)), update(1), update(4))
    assert session_of("tx").events.gaps == ((2, 3),)

    take(update(3))
    assert session_of("tx").events.gaps == ((2, 2),)

    take(update(2), fact(TransactionEnded(ocpp_transaction_id="tx", timestamp=START + 9 * MINUTE, seq_no=7)))
    assert session_of("tx").events.gaps == ((5, 6),)
    assert kinds() == ["session.started"] + ["session.events_missing"] * 4 + ["session.ended"]


def test_fact_that_is_set_aside_is_told(take, database, caplog):
    take(fact(TransactionEnded(ocpp_transaction_id="-1", timestamp=START)))

    with database.reading() as work:
        (event,) = work.outbox.pending(10)
    reason = "no session has the transaction -1"
    assert event.kind == "station.fact_set_aside"
    assert event.data == {"site_id": "s", "station_id": "A", "action": "X", "reason": reason}
    assert f"station A: its X is set aside: {reason}" in caplog.text


# ── Meters ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_samples_give_energy_and_power(take, session_of, database):
    take(fact(started()), fact(read(register(1, 100.2), power(1, 10.8))))

    session = session_of()
    assert session.energy_kwh == pytest.approx(0.2)
    assert (session.power_kw, session.measured_at) == (10.8, START + MINUTE)
    with database.reading() as work:
        assert len(work.meter_values.of_session(session)) == 2


def test_samples_per_phase_add_up(take, session_of):
    phases = [power(1, 3.6, phase=phase) for phase in ("L1", "L2", "L3")]
    take(fact(started()), fact(read(*phases)))

    assert session_of().power_kw == pytest.approx(10.8)


def test_discharging_is_negative_power(take, session_of):
    exported = power(1, 5.0)
    take(fact(started()), fact(read(power(1, 0.0), replace(exported, measurand="Power.Active.Export"))))

    assert session_of().power_kw == -5.0


def test_energy_that_the_ev_gave_back_is_not_delivered(take, session_of):
    def both(minute: int, imported_kwh: float, exported_kwh: float) -> StationFact:
        exported = register(minute, exported_kwh, measurand="Energy.Active.Export.Register")
        return fact(read(register(minute, imported_kwh), exported))

    take(fact(started()), both(0, 100.0, 7.0), both(30, 105.0, 7.0), both(60, 105.0, 9.0))
    assert (session_of().energy_kwh, session_of().returned_kwh) == (3.0, 2.0)

    take(fact(TransactionEnded(ocpp_transaction_id="1", timestamp=START + 90 * MINUTE, meter_stop_kwh=106.0)))
    assert (session_of().energy_kwh, session_of().returned_kwh) == (4.0, 2.0)


def test_register_alone_gives_the_mean_power_since_the_last(take, session_of):
    take(fact(started()), fact(read(register(1, 100.0))), fact(read(register(7, 101.0))))

    assert session_of().power_kw == pytest.approx(10.0)


def test_samples_that_come_late_are_kept_and_do_not_turn_the_clock_back(take, session_of, database):
    take(fact(started()), fact(read(register(9, 101.0), power(9, 7.0))), fact(read(power(3, 2.0))))

    assert session_of().power_kw == 7.0
    with database.reading() as work:
        assert len(work.meter_values.of_session(session_of())) == 3


def test_first_register_is_the_start_where_the_station_named_none(take, session_of):
    take(
        fact(started(ocpp_transaction_id="tx", meter_start_kwh=None, samples=(register(0, 40.0),))),
        fact(read(register(5, 41.5), tx="tx")),
    )

    assert session_of("tx").energy_kwh == 1.5


def test_meter_values_without_transaction_tell_of_the_active_session(take, session_of):
    take(fact(started()), fact(read(power(1, 6.0), tx=None)))

    assert session_of().power_kw == 6.0


def test_meter_values_from_before_the_active_session_do_not_tell_of_it(take, session_of):
    take(fact(started(minute=10)), fact(read(power(5, 6.0), tx=None)))

    assert session_of().power_kw == 0.0


def test_meters_of_the_station_itself_are_not_the_session(take, session_of):
    take(fact(started()), fact(read(power(1, 50.0, location="Inlet"))))

    assert session_of().power_kw == 0.0


# ── Needs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_needs_belong_to_the_session_at_the_evse(take, session_of, kinds):
    wish = ChargingNeedsNotified(
        evse_id=1, timestamp=START, energy_kwh=12.5, departure_at=START + 60 * MINUTE, max_kw=7.4, profile="cheap"
    )
    take(fact(started()), fact(wish), fact(ChargingNeedsNotified(evse_id=1, timestamp=START, energy_kwh=20.0)))

    needs = session_of().needs
    assert (needs.energy_kwh, needs.max_kw, needs.profile) == (20.0, 7.4, DriverProfile.CHEAP)
    assert needs.departure_at == START + 60 * MINUTE
    assert kinds() == ["session.started", "session.needs", "session.needs"]


def test_needs_that_come_before_the_transaction_wait_for_it(take, session_of):
    take(fact(ChargingNeedsNotified(evse_id=1, timestamp=START, energy_kwh=12.5)), fact(started(minute=1)))

    assert session_of().needs.energy_kwh == 12.5


def test_needs_of_somebody_who_left_are_not_taken(take, session_of):
    take(fact(ChargingNeedsNotified(evse_id=1, timestamp=START, energy_kwh=12.5)), fact(started(minute=45)))

    assert session_of().needs.energy_kwh is None


# ── Stations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_is_noted_with_the_charging_state_that_it_tells(take, session_of, database):
    status = StatusChanged(evse_id=1, timestamp=START + MINUTE, status="Occupied", charging_state="SuspendedEV")
    take(fact(started()), fact(status))

    assert session_of().charging_state is ChargingState.SUSPENDED_EV
    with database.reading() as work:
        assert work.stations.get("A").evses[0].status is ConnectorStatus.OCCUPIED


def status_fact(status: str, *, minute: int, received: int, **said) -> StationFact:
    told = StatusChanged(evse_id=1, timestamp=START + minute * MINUTE, status=status, **said)
    return replace(fact(told), received_at=START + received * MINUTE)


def online(minute: int) -> StationFact:
    return fact(
        ConnectionChanged(timestamp=START + minute * MINUTE, online=True, gateway_id="g", connection_id=str(minute))
    )


def test_evse_that_its_station_reserves_is_told_to_everybody_as_not_available(take, database):
    take(online(0))
    for minute, status in enumerate(("Available", "Reserved", "Reserved", "Available"), start=1):
        take(status_fact(status, minute=minute, received=minute))

    with database.reading() as work:
        told = [event.data for event in work.outbox.pending(1000) if event.kind == "station.availability"]
    assert [data["availability"] for data in told][-3:] == ["Available", "Reserved", "Available"]


@pytest.fixture
def status_of(database):
    def found() -> ConnectorStatus:
        with database.reading() as work:
            return work.stations.get("A").evses[0].status

    return found


def test_statuses_that_were_queued_while_offline_do_not_win_over_the_present_one(take, status_of, kinds):
    take(online(60), status_fact("Available", minute=60, received=60))
    take(
        status_fact("Occupied", minute=10, received=61, charging_state="Charging"),
        status_fact("Faulted", minute=20, received=61),
    )

    assert status_of() is ConnectorStatus.AVAILABLE
    told = [kind for kind in kinds() if kind != "station.availability"]
    assert told == ["station.online", "station.status"], "nobody is told of what is no longer"


def test_status_after_the_clock_was_set_back_wins(take, session_of, status_of):
    take(online(0), status_fact("Available", minute=120, received=120), fact(started(minute=121), reply_to=None))
    back = status_fact("Occupied", minute=-5000, received=125, charging_state="SuspendedEV")

    take(back)

    assert status_of() is ConnectorStatus.OCCUPIED
    assert session_of().charging_state is ChargingState.SUSPENDED_EV
    # From here on its times are compared with each other again, even where it connects anew.
    take(online(130), status_fact("Available", minute=-4990, received=131))
    assert status_of() is ConnectorStatus.AVAILABLE


def test_status_of_a_clock_that_was_ahead_does_not_outlast_its_correction(take, status_of):
    take(online(0), status_fact("Occupied", minute=600, received=1), status_fact("Available", minute=2, received=2))

    assert status_of() is ConnectorStatus.AVAILABLE


def test_charging_state_that_comes_before_the_transaction_waits_for_it(take, session_of):
    status = StatusChanged(evse_id=1, timestamp=START, status="Occupied", charging_state="Charging")
    take(fact(status), fact(started()))

    assert session_of().charging_state is ChargingState.CHARGING


def test_charging_state_of_somebody_who_left_is_not_taken(take, session_of):
    status = StatusChanged(evse_id=1, timestamp=START, status="Occupied", charging_state="EVConnected")
    take(fact(status), fact(started(minute=6)))

    assert session_of().charging_state is None


def test_evse_that_nobody_registered_is_added_when_it_reports(take, database):
    take(fact(StatusChanged(evse_id=2, timestamp=START, status="Available")))

    with database.reading() as work:
        added = work.stations.get("A").evses[1]
    assert (added.id, added.max_kw, added.status) == (2, 11, ConnectorStatus.AVAILABLE)


def test_status_of_the_whole_station_leaves_its_evses_alone(take, database):
    take(fact(StatusChanged(evse_id=0, timestamp=START, status="Faulted")))

    with database.reading() as work:
        (evse,) = work.stations.get("A").evses
    assert evse.status is ConnectorStatus.UNAVAILABLE


def test_connection_makes_a_station_online_and_offline(take, database, kinds):
    def change(online: bool, connection_id: str) -> StationFact:
        return fact(ConnectionChanged(timestamp=START, online=online, gateway_id="g", connection_id=connection_id))

    take(change(True, "1"), change(True, "2"), change(False, "1"))
    with database.reading() as work:
        assert work.stations.get("A").online
    take(change(False, "2"))

    with database.reading() as work:
        assert not work.stations.get("A").online
    assert kinds() == [
        "station.availability",
        "station.online",
        "station.online",
        "station.availability",
        "station.offline",
    ]


def test_fact_of_an_unknown_station_is_set_aside(take, aside):
    assert take(fact(started(), station_id="stranger")) == [None]
    assert aside() == 1


def test_unusable_fact_raises_and_nothing_is_kept(take, session_of):
    with pytest.raises(ValueError, match="NoSuchStatus"):
        take(fact(started()), fact(StatusChanged(evse_id=1, timestamp=START, status="NoSuchStatus")))

    assert session_of() is None
