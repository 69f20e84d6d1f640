"""Every repository keeps what it is given, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from twinev.domain.charge_points import ChargingState, ConnectorStatus, Evse
from twinev.domain.facts import (
    ConnectionChanged,
    Decision,
    MetersRead,
    Sample,
    StationFact,
    StationReported,
    TransactionUpdated,
)
from twinev.domain.grid import Restriction
from twinev.domain.plan import SentCommand, StoredPlan
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import BadInput, NotFound
from twinev.services.ports.charge_points import CommandFilter, CommandState
from twinev.services.ports.charging import SessionFilter

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def session(number: int = 1, **changes) -> ChargingSession:
    common = ChargingSession(
        id=f"session-{number}",
        site_id="s",
        station_id="A",
        evse_id=1,
        ocpp_transaction_id=str(number),
        id_token="card",
        started_at=START + number * MINUTE,
    )
    return replace(common, **changes)


def sample(minute: int = 0, value: float = 1.0, **changes) -> Sample:
    return replace(Sample(timestamp=START + minute * MINUTE, value=value, unit="kWh"), **changes)


def fact(key: str = "k", *, samples=(), **changes) -> StationFact:
    said = MetersRead(evse_id=1, samples=samples)
    common = StationFact(
        station_id="A", protocol="ocpp1.6", action="MeterValues", key=key, received_at=START, fact=said
    )
    return replace(common, **changes)


# ── Stations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_station_comes_back_as_it_was_saved(fleet):
    with fleet.reading() as work:
        station = work.stations.get("A")
        assert [evse.id for evse in station.evses] == [1, 2]
        assert station.evses[1].phases == 1
        assert station.location.latitude_degrees == 52.1
        assert work.stations.list(site_id="s") == [station, work.stations.get("B")]
        assert work.stations.list(site_id="elsewhere") == []
        assert work.stations.count() == (2, 0)


def test_unknown_station_is_not_found(fleet):
    with fleet.reading() as work, pytest.raises(NotFound, match="'Z'"):
        work.stations.get("Z")


def test_station_keeps_its_key_when_it_is_saved_again(fleet):
    with fleet.unit_of_work() as work:
        work.stations.set_key_hmac("A", b"hmac")
        work.stations.save(replace(work.stations.get("A"), name="Renamed"))
        work.commit()

    with fleet.reading() as work:
        assert work.stations.key_hmac("A") == b"hmac"
        assert work.stations.key_hmac("B") is None
        assert work.stations.get("A").name == "Renamed"


def test_settled_key_is_the_stations_own_and_ends_those_before_it(fleet):
    with fleet.unit_of_work() as work:
        work.stations.set_key_hmac("A", b"old")
        first, second, third = (work.stations.add_pending_key("A", name, START) for name in (b"1", b"2", b"3"))
        other = work.stations.add_pending_key("B", b"other", START)
        work.stations.forget_pending_key("B", second)
        work.commit()
    with fleet.unit_of_work() as work:
        assert work.stations.pending_keys("A") == [(third, b"3"), (second, b"2"), (first, b"1")]
        work.stations.settle_key("A", second)
        work.commit()

    with fleet.reading() as work:
        assert work.stations.key_hmac("A") == b"2"
        assert work.stations.pending_keys("A") == [(third, b"3")]
        assert work.stations.pending_keys("B") == [(other, b"other")]


def test_loss_of_a_replaced_socket_changes_nothing(fleet):
    with fleet.unit_of_work() as work:
        work.stations.set_online("A", True, START, "old")
        work.stations.set_online("A", True, START + MINUTE, "new")
        work.stations.set_online("A", False, START + 2 * MINUTE, "old")
        assert work.stations.get("A").online
        assert work.stations.get("A").online_since == START + MINUTE
        work.stations.set_online("A", False, START + 3 * MINUTE, "new")
        assert not work.stations.get("A").online
        assert work.stations.get("A").online_since is None


def test_older_status_does_not_replace_a_newer_one(fleet):
    with fleet.unit_of_work() as work:
        assert work.stations.set_status("A", 1, ConnectorStatus.OCCUPIED, START + MINUTE)
        assert not work.stations.set_status("A", 1, ConnectorStatus.AVAILABLE, START)
        assert work.stations.get("A").evses[0].status is ConnectorStatus.OCCUPIED
        assert work.stations.get("A").evses[1].status is ConnectorStatus.UNAVAILABLE
        assert work.stations.set_status("A", 1, ConnectorStatus.RESERVED, START, even_if_older=True)
        assert work.stations.get("A").evses[0].status is ConnectorStatus.RESERVED


def test_boot_tells_what_a_station_is(fleet):
    with fleet.unit_of_work() as work:
        said = {"protocol": "ocpp1.6", "vendor": "V", "model": "M", "firmware_version": None, "at": START}
        assert work.stations.set_boot("A", **said)
        assert not work.stations.set_boot("Z", **said)
        assert work.stations.get("A").vendor == "V"


def test_evse_is_added_and_replaced(fleet):
    with fleet.unit_of_work() as work:
        work.stations.save_evse("A", Evse(id=3, max_kw=50))
        work.stations.save_evse("A", Evse(id=1, max_kw=7.4))
        assert [evse.max_kw for evse in work.stations.get("A").evses] == [7.4, 22, 50]


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_session_comes_back_as_it_was_saved(fleet):
    saved = session(
        ended_at=START + timedelta(hours=1, microseconds=7),
        stop_reason="EVDisconnected",
        needs=ChargingNeeds(energy_kwh=10, departure_at=START, max_kw=7.4, profile=DriverProfile.CHEAP),
        charging_state=ChargingState.CHARGING,
        meter_start_kwh=100.5,
        energy_kwh=3.25,
        power_kw=7.1,
        measured_at=START,
    )
    with fleet.unit_of_work() as work:
        work.sessions.save(session())
        work.sessions.save(saved)
        work.commit()

    with fleet.reading() as work:
        assert work.sessions.get("session-1") == saved
        assert work.sessions.of_transaction("A", "1") == [saved]
        assert work.sessions.of_transaction("B", "1") == []


def test_times_come_back_in_utc_whatever_zone_they_came_in(fleet):
    amsterdam = timezone(timedelta(hours=1))
    with fleet.unit_of_work() as work:
        work.sessions.save(session(started_at=START.astimezone(amsterdam)))
        work.commit()

    with fleet.reading() as work:
        started_at = work.sessions.get("session-1").started_at
    assert started_at == START
    assert started_at.tzinfo is UTC


def test_naive_time_is_refused(fleet):
    with pytest.raises(Exception, match="time zone"), fleet.unit_of_work() as work:
        work.sessions.save(session(started_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the point


def test_active_session_at_an_evse_is_the_newest(fleet):
    with fleet.unit_of_work() as work:
        work.sessions.save(session(1))
        work.sessions.save(session(2))
        work.sessions.save(session(3, ended_at=START + 9 * MINUTE))
        work.sessions.save(session(4, evse_id=2))
        assert work.sessions.active_at("A", 1).id == "session-2"
        assert work.sessions.active_at("B", 1) is None
        assert [found.id for found in work.sessions.active(site_id="s")] == ["session-4", "session-2", "session-1"]


def test_sessions_are_paged_newest_first_without_gap_or_repetition(fleet):
    with fleet.unit_of_work() as work:
        for number in range(7):
            # Two at a time begin at the same instant: the id decides then.
            work.sessions.save(session(number, started_at=START + number // 2 * MINUTE))
        seen, before = [], None
        while page := work.sessions.list(limit=3, before=before):
            seen += [found.id for found in page]
            before = seen[-1]
    assert seen == [f"session-{number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_sessions_are_filtered(fleet):
    with fleet.unit_of_work() as work:
        work.sessions.save(session(1))
        work.sessions.save(session(2, station_id="B", ended_at=START + MINUTE))
        assert [found.id for found in work.sessions.list(limit=9, active=True)] == ["session-1"]
        assert [found.id for found in work.sessions.list(limit=9, active=False)] == ["session-2"]
        assert [found.id for found in work.sessions.list(limit=9, station_id="B")] == ["session-2"]
        assert work.sessions.list(limit=9, site_id="elsewhere") == []


def test_page_after_an_unknown_session_is_refused(fleet):
    with fleet.reading() as work, pytest.raises(BadInput, match="cursor"):
        work.sessions.list(limit=3, before="nobody")


def test_held_needs_are_taken_once_and_not_when_too_old(fleet):
    needs = ChargingNeeds(energy_kwh=5)
    with fleet.unit_of_work() as work:
        work.sessions.hold_needs("A", 1, ChargingNeeds(energy_kwh=99), START)
        work.sessions.hold_needs("A", 1, needs, START)
        assert work.sessions.take_needs("A", 1, since=START - MINUTE) == needs
        assert work.sessions.take_needs("A", 1, since=START - MINUTE) is None
        work.sessions.hold_needs("A", 1, needs, START)
        assert work.sessions.take_needs("A", 1, since=START + MINUTE) is None


def test_held_state_is_taken_once_and_not_when_too_old(fleet):
    with fleet.unit_of_work() as work:
        work.sessions.hold_state("A", 1, ChargingState.IDLE, START)
        work.sessions.hold_state("A", 1, ChargingState.CHARGING, START)
        assert work.sessions.take_state("A", 1, since=START) is ChargingState.CHARGING
        assert work.sessions.take_state("A", 1, since=START) is None
        work.sessions.hold_state("A", 1, ChargingState.CHARGING, START)
        assert work.sessions.take_state("A", 1, since=START + MINUTE) is None


# ── Meter values ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_meter_value_is_kept_once(fleet):
    power = sample(measurand="Power.Active.Import", unit="kW")
    with fleet.unit_of_work() as work:
        assert work.meter_values.add("A", 1, "1", [sample(0), sample(1), power]) == 3
        assert work.meter_values.add("A", 1, "1", [sample(1), sample(2)]) == 1
        assert work.facts.set_aside_since(START) == 0
        kept = work.meter_values.of_session(session())
        assert sorted(kept, key=str) == sorted([sample(0), sample(1), sample(2), power], key=str)
        assert work.meter_values.of_session(session(), measurand="Power.Active.Import") == [power]
        assert work.meter_values.of_session(session(), since=START + 2 * MINUTE) == [sample(2)]


def test_meter_value_without_transaction_is_kept_once(fleet):
    with fleet.unit_of_work() as work:
        assert work.meter_values.add("A", 1, None, [sample(), sample(phase="L1")]) == 2
        assert work.meter_values.add("A", 1, None, [sample(), sample(phase="L1")]) == 0


def test_contradicting_meter_value_is_flagged_and_the_first_stays(fleet):
    with fleet.unit_of_work() as work:
        work.meter_values.add("A", 1, "1", [sample(0, value=1.0)])
        assert work.meter_values.add("A", 1, "1", [sample(0, value=2.0)]) == 0
        work.meter_values.add("A", 1, "1", [sample(0, value=2.0)])
        assert work.facts.set_aside_since(START) == 1
        assert work.meter_values.of_session(session()) == [sample(0, value=1.0)]


def test_contradiction_within_one_message_is_flagged(fleet):
    with fleet.unit_of_work() as work:
        assert work.meter_values.add("A", 1, "1", [sample(0, value=1.0), sample(0, value=3.0)]) == 1
        assert work.facts.set_aside_since(START) == 1


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fact_is_known_by_its_key_with_what_was_decided(fleet):
    decision = Decision(status="Accepted", ocpp_transaction_id="7")
    with fleet.unit_of_work() as work:
        assert not work.facts.known(fact())
        work.facts.remember(fact(), decision)
        work.commit()

    with fleet.reading() as work:
        work.facts.look_up([fact(), fact("other")])
        assert work.facts.known(fact())
        assert work.facts.decision(fact()) == decision
        assert not work.facts.known(fact("other"))
        assert not work.facts.known(fact(station_id="B"))


def test_same_key_with_other_content_contradicts(fleet):
    with fleet.unit_of_work() as work:
        work.facts.remember(fact(samples=(sample(),)))
        assert not work.facts.contradicts(fact(samples=(sample(),), received_at=START + MINUTE, reply_to="inbox"))
        assert work.facts.contradicts(fact(samples=(sample(value=2),)))


def test_event_that_was_queued_in_between_does_not_contradict(fleet):
    update = TransactionUpdated(ocpp_transaction_id="1", timestamp=START)
    with fleet.unit_of_work() as work:
        work.facts.remember(fact(fact=update))
        assert not work.facts.contradicts(fact(fact=replace(update, offline=True)))


def test_fact_of_another_kind_is_hashed_too(fleet):
    change = ConnectionChanged(timestamp=START, online=True, gateway_id="g", connection_id="c")
    with fleet.unit_of_work() as work:
        work.facts.remember(fact(fact=change))
        assert work.facts.contradicts(fact(fact=replace(change, online=False)))


def test_what_is_set_aside_is_kept_once(fleet):
    with fleet.unit_of_work() as work:
        for _ in range(2):
            work.facts.set_aside("A", "k", b"body", "why", START)
        work.facts.set_aside("A", "k", b"other body", "why", START)
        assert work.facts.set_aside_since(START) == 2
        assert work.facts.set_aside_since(START + MINUTE) == 0


def test_backlog_of_any_size_is_compared_with_what_is_kept(fleet):
    """Neither database takes more than some ten thousand values in one statement."""
    samples = [
        Sample(timestamp=START + timedelta(seconds=number), measurand="Voltage", value=230.0, unit="V")
        for number in range(66_000)
    ]
    with fleet.unit_of_work() as work:
        assert work.meter_values.add("A", 1, "tx", [*samples, replace(samples[7], value=231.0)]) == 66_000
        assert work.facts.set_aside_since(START) == 1


# ── Plans, commands, restrictions ────────────────────────────────────────────────────────────────────────────────────


def plan(number: int, site_id: str | None = "s") -> StoredPlan:
    return StoredPlan(
        id=f"plan-{number}",
        site_id=site_id,
        made_at=START + number * MINUTE,
        trigger="session.started",
        formulation="cpo",
        profile="cheap",
        solver="auto",
        gap=1e-4,
        time_limit_seconds=5.0,
        scenario={"slots": 2, "price_eur_per_kwh": [0.1, 0.30000000000000004]},
        schedule={"status": "optimal", "sessions": [{"id": "x"}], "supply_point": {}, "gap": None},
    )


def test_plan_comes_back_with_the_inputs_that_reproduce_it(fleet):
    with fleet.unit_of_work() as work:
        work.plans.add(plan(1))
        work.plans.add(plan(2))
        work.plans.add(plan(3, site_id=None))
        work.commit()

    with fleet.reading() as work:
        assert work.plans.get("plan-1") == plan(1)
        assert work.plans.latest("s") == plan(2)
        assert work.plans.latest_id("s") == "plan-2"
        assert work.plans.latest("elsewhere") is None
        assert work.plans.list(limit=2) == [plan(3, site_id=None), plan(2)]
        assert work.plans.list(limit=2, before="plan-2", site_id="s") == [plan(1)]


def test_plan_summaries_leave_the_curves_out(fleet):
    with fleet.unit_of_work() as work:
        work.plans.add(plan(1))
        (summary,) = work.plans.summaries(limit=5)
        assert summary.schedule == {"status": "optimal", "gap": None}
        assert summary.scenario == {}


def test_command_is_updated_by_its_answer(fleet):
    sent = SentCommand(id="c", station_id="A", action="X", payload={"at": "now"}, issued_by="me", sent_at=START)
    told = {"outcome": "accepted", "round_trip_ms": 12.5, "app": "screen", "response": {"versionNumber": 3}}
    answered = replace(sent, answered_at=START + MINUTE, **told)
    with fleet.unit_of_work() as work:
        work.commands.save(sent)
        work.commands.save(answered)
        assert work.commands.list(limit=5, station_id="A") == [answered]
        assert work.commands.list(limit=5, station_id="B") == []


def test_fault_of_an_evse_goes_with_its_status(fleet):
    with fleet.unit_of_work() as work:
        work.stations.set_status("A", 1, ConnectorStatus.FAULTED, START, error_code="GroundFailure\0")
        assert work.stations.get("A").evses[0].error_code == "GroundFailure\N{REPLACEMENT CHARACTER}"
        work.stations.describe(replace(work.stations.get("A"), name="New"))
        assert work.stations.get("A").evses[0].error_code is not None
        work.stations.set_status("A", 1, ConnectorStatus.AVAILABLE, START + MINUTE)
        assert work.stations.get("A").evses[0].error_code is None


def test_lists_are_searched_whatever_the_case_and_the_signs(fleet):
    sent = SentCommand(id="c", station_id="A", action="Reset", payload={}, issued_by="Ol_ga", sent_at=START)
    with fleet.unit_of_work() as work:
        work.commands.save(sent)
        work.sessions.save(session(1, id_token="CARD%1"))

        def commands(**wanted):
            return [found.id for found in work.commands.list(limit=5, wanted=CommandFilter(**wanted))]

        def sessions(**wanted):
            return [found.id for found in work.sessions.list(limit=5, wanted=SessionFilter(**wanted))]

        assert commands(find="ol_GA reset") == ["c"]
        assert commands(find="olxga") == commands(find="a\0b") == []
        assert commands(state=CommandState.UNDER_WAY, from_people=True, since=START) == ["c"]
        assert commands(until=START) == commands(from_people=False) == []
        assert sessions(find="card% session-1") == ["session-1"]
        assert sessions(find="card1") == sessions(find="ession-1") == []


def test_accepted_profiles_come_the_oldest_first(fleet):
    profile = {"station_id": "A", "action": "SetChargingProfile", "payload": {}, "issued_by": "planning"}
    sent = [
        SentCommand(id=f"c{minute}", sent_at=START + minute * MINUTE, outcome=outcome, **profile)
        for minute, outcome in ((0, "accepted"), (1, "rejected"), (2, "accepted"), (3, "accepted"))
    ]
    with fleet.unit_of_work() as work:
        for command in reversed(sent):
            work.commands.save(command)
        found = work.commands.accepted_profiles("A", since=START, until=START + 3 * MINUTE)
        assert [command.id for command in found] == ["c0", "c2"]


def test_words_of_a_station_that_no_column_takes_are_cut(fleet):
    said = {"status": "x" * 100, "detail": "a\0b", "response": {"data": "a\0b"}}
    sent = SentCommand(id="c", station_id="A", action="X", payload={}, issued_by="me", sent_at=START, **said)
    with fleet.unit_of_work() as work:
        work.commands.save(sent)
        (kept,) = work.commands.list(limit=5)

    assert (kept.status, kept.detail) == ("x" * 64, "a\N{REPLACEMENT CHARACTER}b")
    assert kept.response == {"data": "a\0b"}


def test_reports_of_a_station_come_back_the_last_first(fleet):
    def said(number: int, **changes) -> StationReported:
        common = StationReported(report="NotifyReport", timestamp=START, request_id=7, content={"number": number})
        return replace(common, **changes)

    with fleet.unit_of_work() as work:
        first, second, other = (
            work.reports.add("A", report, START + MINUTE)
            for report in (said(1, evse_id=2, to_be_continued=True), said(2, seq_no=4), said(3, report="NotifyEvent"))
        )
        work.reports.add("B", said(9, request_id=None), START)

        listed = work.reports.list("A", limit=5)
        assert [report.id for report in listed] == [other, second, first]
        assert listed[2].content == {"number": 1}
        assert (listed[2].evse_id, listed[2].to_be_continued, listed[2].received_at) == (2, True, START + MINUTE)
        assert (listed[1].seq_no, listed[1].timestamp) == (4, START)
        assert work.reports.list("A", limit=1, before=other) == [listed[1]]
        assert work.reports.list("A", limit=5, report="NotifyReport") == listed[1:]
        assert work.reports.list("B", limit=5, request_id=7) == []


def restriction(number: int, **changes) -> Restriction:
    common = Restriction(
        id=f"r{number}",
        station_ids=("B", "A"),
        limit_kw=10,
        start=START,
        end=START + 60 * MINUTE,
        created_by="operator",
        created_at=START + number * MINUTE,
    )
    return replace(common, **changes)


def test_restrictions_are_listed_with_their_stations_in_order(fleet):
    with fleet.unit_of_work() as work:
        work.restrictions.save(restriction(1))
        work.restrictions.save(restriction(2, station_ids=("A",)))
        assert work.restrictions.get("r1") == restriction(1)
        assert work.restrictions.list(limit=1) == [restriction(2, station_ids=("A",))]
        assert work.restrictions.list(limit=5, before="r2") == [restriction(1)]


def test_open_restrictions_are_neither_revoked_nor_over(fleet):
    with fleet.unit_of_work() as work:
        work.restrictions.save(restriction(1))
        work.restrictions.save(restriction(2, station_ids=("B",), start=START + 5 * MINUTE))
        work.restrictions.save(restriction(3))
        work.restrictions.save(restriction(3, revoked_at=START))
        work.restrictions.save(restriction(4, start=START - 2 * MINUTE, end=START - MINUTE))
        assert [found.id for found in work.restrictions.open(START)] == ["r1", "r2"]
        assert [found.id for found in work.restrictions.open(START, station_ids=["A"])] == ["r1"]
        assert work.restrictions.open(START, station_ids=[]) == []
        assert work.restrictions.get("r3").revoked_at == START


def test_state_of_a_restriction_is_replaced(fleet):
    with fleet.unit_of_work() as work:
        work.restrictions.save(restriction(1))
        assert work.restrictions.state("r1") is None
        work.restrictions.record_state("r1", {"state": "pending"})
        work.restrictions.record_state("r1", {"state": "enforced", "highest_kw": 9.5})
        assert work.restrictions.state("r1") == {"state": "enforced", "highest_kw": 9.5}


# ── Series ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def prices(values, *, start=START, step_minutes=60) -> Series:
    return Series(kind=SeriesKind.PRICE, subject="NL", start=start, step_minutes=step_minutes, values=tuple(values))


def read(work, count, *, start=START, step_minutes=60.0):
    return work.series.values(SeriesKind.PRICE, "NL", start, step_minutes=step_minutes, count=count)


def test_series_is_read_in_other_steps_as_the_mean(fleet):
    with fleet.unit_of_work() as work:
        work.series.put(prices([1, 3]))
        assert read(work, 3) == [1, 3, None]
        assert read(work, 5, step_minutes=30) == [1, 1, 3, 3, None]
        assert read(work, 1, step_minutes=120) == [2]
        assert read(work, 2, start=START + 30 * MINUTE) == [2, 3]
        assert work.series.values(SeriesKind.DEMAND, "NL", START, step_minutes=60, count=1) == [None]


def test_newer_values_replace_what_they_cover_and_no_more(fleet):
    with fleet.unit_of_work() as work:
        work.series.put(prices([1, 3]))
        work.series.put(prices([7, 9], start=START + 45 * MINUTE, step_minutes=15))
        assert read(work, 8, step_minutes=15) == [1, 1, 1, 7, 9, 3, 3, 3]


def test_value_in_the_middle_of_a_longer_one_leaves_both_its_ends(fleet):
    with fleet.unit_of_work() as work:
        work.series.put(prices([1]))
        work.series.put(prices([5], start=START + 15 * MINUTE, step_minutes=15))
        assert read(work, 4, step_minutes=15) == [1, 5, 1, 1]


# ── Tokens, outbox, idempotency ──────────────────────────────────────────────────────────────────────────────────────


def test_token_is_found_whatever_its_case(fleet):
    with fleet.unit_of_work() as work:
        work.tokens.save("AbC", "Accepted")
        work.tokens.save("aBc", "Blocked")
        assert work.tokens.status("ABC") == "Blocked"
        assert work.tokens.status("nobody") is None


def test_outbox_keeps_events_in_order_until_they_are_published(fleet):
    with fleet.unit_of_work() as work:
        for number in range(3):
            work.events.add("site.changed", {"site_id": "x", "number": number})
        work.commit()
        assert work.outbox.lag() == (3, START)
        first, second, _ = work.outbox.pending(10)
        assert [first.data["number"], second.data["number"]] == [0, 1]
        work.outbox.published([first.id, second.id])
        assert [event.data["number"] for event in work.outbox.pending(10)] == [2]


def test_idempotency_key_belongs_to_one_request_of_one_user(fleet):
    with fleet.unit_of_work() as work:
        keys = work.idempotency
        assert keys.claim("u", "k", b"hash", START)
        assert not keys.claim("u", "k", b"hash", START)
        assert keys.claim("other", "k", b"hash", START)
        assert keys.answer("u", "k").status is None
        keys.keep("u", "k", 201, {"id": "x"})
        assert keys.answer("u", "k").body == {"id": "x"}
        keys.release("other", "k")
        keys.forget_before(START + MINUTE)
        assert keys.answer("u", "k") is None
