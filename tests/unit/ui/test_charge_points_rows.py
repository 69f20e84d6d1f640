"""What the charge point managers' page says of transactions, commands and stations, as rows and in full."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from twinev.domain.charge_detail_record import PaymentStatus
from twinev.ui.command_response import response_html
from twinev.ui.command_rows import command_html, command_rows, summary_of
from twinev.ui.formats import zone_of
from twinev.ui.location_rows import location_rows, matches
from twinev.ui.operation_summary import summary_html
from twinev.ui.station_details import StationRead, station_html
from twinev.ui.station_plan import now_next
from twinev.ui.technical_state import level_of_state, technical_state
from twinev.ui.transaction_details import TransactionRead, measured_steps, transaction_html
from twinev.ui.transaction_rows import transaction_rows
from twinev.wire.rest.charge_detail_records import ChargeDetailRecordOut
from twinev.wire.rest.sessions import CourseReadingOut, CourseSlotOut, SessionCourseOut, SessionOut
from twinev.wire.rest.station_limits import EvseLimitsOut, InstalledProfile, LimitStep, StationLimitsOut
from twinev.wire.rest.stations import NotFollowing

EVIL = "<script>alert(1)</script>"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AMSTERDAM = zone_of("Europe/Amsterdam")


@pytest.fixture
def make_session(now):
    def make(**changed: object) -> SessionOut:
        fields = {
            "id": "s1", "site_id": "utrecht", "station_id": "UTR-01", "evse_id": 1, "ocpp_transaction_id": "42",
            "id_token": "CARD-1", "started_at": now - timedelta(minutes=30), "ended_at": None, "stop_reason": None,
            "charging_state": "Charging", "energy_kwh": 5.0, "power_kw": 10.0, "measured_at": now,
            "energy_requested_kwh": 20.0, "departure_at": now + timedelta(hours=2), "profile": "cheap",
            "planned_kw": 11.0,
        }  # fmt: skip
        return SessionOut(**fields | changed)

    return make


@pytest.fixture
def course(now) -> SessionCourseOut:
    start = now - timedelta(minutes=30)
    slot = {"energy_kwh": 2.5, "power_kw": 10.0, "planned_kw": 11.0, "cost_excl_vat": Decimal("0.75")}
    quarter = timedelta(minutes=15)
    return SessionCourseOut(
        session_id="s1", slot_minutes=15, currency="EUR", tariff_id="day",
        slots=(
            CourseSlotOut(start=start, end=start + quarter, **slot),
            CourseSlotOut(start=start + quarter, end=now, **slot | {"planned_kw": None}),
        ),
        readings=(
            CourseReadingOut(at=start, energy_kwh=0.0),
            CourseReadingOut(at=start + quarter, energy_kwh=2.5),
            CourseReadingOut(at=now, energy_kwh=5.0),
        ),
        planned=(LimitStep(start=start, limit_kw=11.0), LimitStep(start=now + quarter, limit_kw=None)),
        other_excl_vat=Decimal("1.00"), total_excl_vat=Decimal("2.50"), total_incl_vat=Decimal("3.03"),
    )  # fmt: skip


@pytest.fixture
def limits(now) -> StationLimitsOut:
    steps = (LimitStep(start=now, limit_kw=11.0), LimitStep(start=now + timedelta(hours=1), limit_kw=3.0))
    profile = InstalledProfile(
        id=1, purpose="TxProfile", stack_level=0, evse_id=1, ocpp_transaction_id="42",
        ends_at=now + timedelta(hours=2), steps=steps,
    )  # fmt: skip
    evse = EvseLimitsOut(evse_id=1, profiles=(profile,), unsure=(), expected=steps, reported_at=now, reported=steps)
    return StationLimitsOut(station_id="UTR-01", not_following=None, external_limits=(), evses=(evse,))


@pytest.fixture
def make_record():
    def make(**changed: object) -> ChargeDetailRecordOut:
        # Of a record only what the page shows.
        fields = {"id": "s1-1", "credit_reference_id": None, "payment_status": PaymentStatus.PENDING}
        return ChargeDetailRecordOut.model_construct(**fields | changed)

    return make


def texts_of(row) -> list[str]:
    return [f"{cell.text} {cell.small}".strip() for cell in row.cells]


def transaction(session, course, now, records=()) -> str:
    read = TransactionRead(session=session, course=course, records=records)
    return transaction_html(read, site="Car park", zone=AMSTERDAM, now=now, api_url="http://api")


def test_running_transaction_tells_power_plan_and_how_long(make_session, snapshot) -> None:
    (row,) = transaction_rows([make_session()], snapshot)

    assert texts_of(row) == [
        "Mon 23 Nov 12:30", "UTR-01 EVSE 1 · Car park, Utrecht", "CARD-1 42", "5.00 kWh / 20.0 kWh",
        "10.0 kW plan 11.0 kW", "still running 30 min", "charging",
    ]  # fmt: skip


def test_ended_transaction_tells_when_and_why(make_session, snapshot, now) -> None:
    ended = make_session(ended_at=now + timedelta(hours=3), stop_reason="EVDisconnected", id_token=None)

    (row,) = transaction_rows([ended], snapshot)

    assert texts_of(row)[2:] == [
        "no token 42", "5.00 kWh / 20.0 kWh", "", "16:00 3 h 30 min", "ended EVDisconnected",
    ]  # fmt: skip


def test_zone_is_named_where_it_is_not_the_pages(make_session, make_site, snapshot) -> None:
    other = make_site(id="london", time_zone="Europe/London")
    two = snapshot.__class__(**{**vars(snapshot), "sites": (*snapshot.sites, other)})

    (row,) = transaction_rows([make_session(site_id="london")], two)

    assert texts_of(row)[0] == "Mon 23 Nov 11:30 GMT"


def test_details_of_a_transaction_tell_each_slot_and_the_whole_bill(make_session, course, now) -> None:
    html = transaction(make_session(), course, now)

    for words in ("EUR 3.03 with VAT (2.50 without), so far", "0.7500", "Fees, whole blocks", "1.0000", ">day<"):
        assert words in html
    assert "measured at most 10.0 kW, planned at most 11.0 kW" in html
    assert html.count("<svg") == 2


def test_details_show_no_bill_to_who_may_not_see_it(make_session, course, now) -> None:
    hidden = {"total_excl_vat": None, "total_incl_vat": None, "other_excl_vat": None, "tariff_id": None}

    html = transaction(make_session(), course.model_copy(update=hidden), now)

    assert "with VAT" not in html
    assert "free of charge" not in html


def test_transaction_without_measurements_says_so(make_session, course, now) -> None:
    html = transaction(make_session(), course.model_copy(update={"slots": ()}), now)

    assert "Nothing was measured yet" in html


def test_what_others_say_never_becomes_markup(make_session, course, limits, make_station, now) -> None:
    session = make_session(id_token=EVIL, stop_reason=EVIL, profile=EVIL, explanation=EVIL)
    station = make_station(
        vendor=EVIL, name=EVIL, firmware_version=EVIL, block_reason=EVIL, blocked_at=now,
        not_following=NotFollowing(cause="meter", reason=EVIL, since=now),
    )  # fmt: skip
    read = StationRead(station=station, limits=limits, progress={}, reports=())

    pages = (
        transaction(session, course, now),
        station_html(read, site=EVIL, zone=AMSTERDAM, now=now),
        response_html({"getVariableResult": [{"attributeValue": EVIL}]}),
        response_html({"data": EVIL}),
    )

    for html in pages:
        assert "alert(1)" in html
        assert "<script" not in html


def test_ended_transaction_leads_to_its_receipt(make_session, course, make_record, now) -> None:
    bill, credit = make_record(id="s1/1"), make_record(id="s1-2", credit_reference_id="s1/1")

    html = transaction(make_session(ended_at=now), course, now, records=(credit, bill))

    assert 'href="http://api/api/v1/cdrs/s1%2F1/receipt" target="_blank" rel="noopener"' in html
    assert "s1/1, to be paid" in html
    assert "s1-2, credit" in html


def test_ended_transaction_without_a_record_says_that_it_comes(make_session, course, now) -> None:
    html = transaction(make_session(ended_at=now), course, now)

    assert "made when the session is settled" in html


def test_power_is_measured_between_readings(course, now) -> None:
    assert [value for _, value in measured_steps(course)] == pytest.approx([10.0, 10.0, None])


def test_command_tells_who_with_what_and_how_it_went(make_command, snapshot, now) -> None:
    command = make_command("UTR-01", "Reset", now).model_copy(
        update={"issued_by": "olga", "app": "dashboard twinev-client/1", "payload": {"action": "Reset",
                "kind": "OnIdle"}, "retryable": True, "status": "Scheduled", "retry_of": "c0"}
    )  # fmt: skip

    (row,) = command_rows([command], snapshot)

    assert texts_of(row) == [
        "13:00:00 Mon 23 Nov", "UTR-01", "Reset · sent again kind OnIdle", "olga with dashboard",
        "accepted (Scheduled)", "200 ms",
    ]  # fmt: skip
    assert [action.key for action in row.actions] == ["details", "retry"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"evse_id": 2, "duration_seconds": 5}, "EVSE 2"),
        ({"profile": {"evse_id": 1, "purpose": "TxProfile"}}, "EVSE 1 · plan of the transaction"),
        ({"values": [{"variable": {"component": "C", "variable": "V"}, "value": "1"}]}, "C.V = 1"),
        ({"variables": [{"component": None, "variable": "V"}]}, "V"),
        ({"id_token": "CARD", "remote_start_id": 7, "evse_id": 1}, "id token CARD, EVSE 1"),
    ],
)
def test_command_is_told_in_a_few_words(make_command, now, payload, words) -> None:
    command = make_command("UTR-01", "X", now).model_copy(update={"payload": payload})

    assert summary_of(command) == words


def test_command_in_full_holds_what_was_sent(make_command, now) -> None:
    command = make_command("UTR-01", "Reset", now).model_copy(update={"payload": {"kind": "OnIdle"}, "detail": "why"})

    html = command_html(command, zone=AMSTERDAM)

    for words in ("&quot;kind&quot;: &quot;OnIdle&quot;", "why", "Nothing but its status", "23 Nov 13:00:00 CET"):
        assert words in html


@pytest.mark.parametrize(
    ("changed", "state", "level"),
    [
        ({}, "occupied", "low"),
        ({"online": False}, "offline", "offline"),
        ({"online": False, "blocked_at": NOW}, "blocked", "high"),
        ({"power_kw": 7.0}, "charging", "medium"),
        ({"power_kw": 7.0, "fault": "GroundFailure"}, "faulted", "full"),
        ({"status": "Unavailable"}, "unavailable", "full"),
        ({"status": "Reserved"}, "reserved", "low"),
        ({"status": "Available"}, "available", "idle"),
    ],
)
def test_technical_state_is_the_worst_that_is_true(make_station, changed, state, level) -> None:
    of_evse = {"status": changed.get("status", "Occupied"), "error_code": changed.get("fault")}
    of_station = {key: value for key, value in changed.items() if key not in ("status", "fault")}
    evse = make_station().evses[0].model_copy(update=of_evse)

    station = make_station(**of_station, evses=(evse,))

    assert (technical_state(station), level_of_state(station)) == (state, level)


def test_station_tells_its_fault_and_its_equipment(make_station, snapshot, now) -> None:
    evse = make_station().evses[0].model_copy(update={"status": "Faulted", "error_code": "GroundFailure"})
    station = make_station(vendor="Acme", model="One", firmware_version="1.2", evses=(evse,), last_seen=None)

    (row,) = location_rows([station], snapshot)

    assert texts_of(row) == [
        "UTR-01 Bay A1", "Car park, Utrecht", "faulted GroundFailure", "Type 2 cable faulted", "0.0 kW of 22 kW",
        "Acme One 1.2 · ocpp1.6", "online now never",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, True),
        ({"find": "utr acme"}, True),
        ({"find": "nobody"}, False),
        ({"state": "occupied"}, True),
        ({"state": "offline"}, False),
        ({"site_id": "utrecht"}, True),
        ({"site_id": "rotterdam"}, False),
    ],
)
def test_stations_are_found_by_what_they_are(make_station, wanted, found) -> None:
    asked = {"find": "", "state": "", "site_id": "", "site": "Car park"} | wanted

    assert matches(make_station(vendor="Acme"), **asked) is found


def test_details_of_a_station_tell_now_and_next(make_station, limits, now) -> None:
    read = StationRead(station=make_station(), limits=limits, progress={}, reports=())

    html = station_html(read, site="Car park", zone=AMSTERDAM, now=now)

    assert "EVSE 1: 11.0 kW now, 3.0 kW from 14:00" in html
    assert "plan of the transaction" in html
    assert "what the station says, 13:00" in html


def test_station_that_nothing_limits_has_no_empty_chart(make_station, limits, now) -> None:
    free = limits.evses[0].model_copy(update={"expected": (), "reported": (), "profiles": ()})
    read = StationRead(
        station=make_station(), limits=limits.model_copy(update={"evses": (free,)}), progress={}, reports=()
    )

    html = station_html(read, site="Car park", zone=AMSTERDAM, now=now)

    assert "Nothing limits EVSE 1" in html
    assert "<svg" not in html


def test_next_power_is_the_next_that_differs(now) -> None:
    hour = timedelta(hours=1)
    steps = [(now - hour, 7.0), (now + hour, 7.01), (now + 2 * hour, None)]

    assert now_next(steps, now=now, zone=AMSTERDAM) == "7.0 kW now, no limit from 15:00"


def test_summary_marks_what_needs_somebody(snapshot, make_station) -> None:
    calm = summary_html(snapshot)
    offline = snapshot.__class__(**{**vars(snapshot), "stations": (make_station(online=False),)})

    assert "tv-needed" not in calm
    assert "1 / 1" in summary_html(offline)
    assert summary_html(offline).count("tv-needed") == 1
