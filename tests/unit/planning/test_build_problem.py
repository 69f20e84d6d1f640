"""From a site's state to a problem: what each rule makes of one case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from twinev.domain.charge_points import Evse
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.tariff import SeriesKind
from twinev.domain.vehicles import DriverProfile
from twinev.services.build_problem import build_problem
from twinev.services.evse_limits import EvseLimits
from twinev.services.translate_plan import translate_plan


def entry_of(built, session_id="session-A"):
    return next(entry for entry in built.scenario["sessions"] if entry["id"] == session_id)


def profile(make, limit_kw, *, purpose=ProfilePurpose.TX, transaction="tx-A", seconds=None):
    return ChargingProfile(
        id=12 if purpose is ProfilePurpose.TX else 11,
        purpose=purpose,
        stack_level=0,
        evse_id=1,
        schedule=ChargingSchedule(
            start=make.NOW, periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),), duration_seconds=seconds
        ),
        ocpp_transaction_id=transaction if purpose is ProfilePurpose.TX else None,
    )


def test_horizon_begins_within_the_running_slot(make):
    built = build_problem(make.state(sessions=(make.session("A"),)))

    assert built.horizon.start == make.NOW.replace(minute=0, second=0, microsecond=0)
    assert built.scenario["first_slot_minutes"] == pytest.approx(15 - 4.5 - 0.25 / 60)
    assert built.problem.horizon.now == built.horizon.now


@pytest.mark.parametrize(
    ("energy_kwh", "delivered_kwh", "capacity_kwh", "need_kwh"),
    [
        (10.0, 0.0, 10.0, 10.0),
        (10.0, 4.0, 10.0, 6.0),
        (10.0, 12.0, 12.001, 0.0),
        (0.0, 0.0, 0.001, 0.0),
        (None, 5.0, 20.0, 15.0),
    ],
)
def test_session_counts_energy_from_the_plug_in(make, energy_kwh, delivered_kwh, capacity_kwh, need_kwh):
    session = make.session("A", energy_kwh=delivered_kwh, needs={"energy_kwh": energy_kwh})

    built = build_problem(make.state(sessions=(session,)))

    assert entry_of(built)["soc_kwh"] == delivered_kwh
    assert entry_of(built)["capacity_kwh"] == pytest.approx(capacity_kwh)
    assert built.problem.sessions[0].need_kwh == pytest.approx(need_kwh)


@pytest.mark.parametrize(
    ("departs_in", "slot"),
    [
        (timedelta(minutes=56), 3),
        (timedelta(minutes=55), 2),
        (timedelta(minutes=5), 0),
        (timedelta(minutes=-30), 1),
        (timedelta(days=3), 23),
        (None, 14),
    ],
    ids=["on a boundary", "before a boundary", "within slot 0", "passed", "beyond the horizon", "default stay"],
)
def test_target_is_the_last_slot_that_ends_by_the_departure(make, departs_in, slot):
    now = make.NOW.replace(minute=4, second=0, microsecond=0)
    departure = None if departs_in is None else now + departs_in
    session = make.session("A", started_at=now - timedelta(minutes=10), needs={"departure_at": departure})

    built = build_problem(make.state(sessions=(session,), now=now))

    assert entry_of(built)["target_slot"] == slot
    assert entry_of(built)["departure_slot"] == slot


@pytest.mark.parametrize(("ev_kw", "power_kw"), [(None, 11.0), (3.7, 3.7), (22.0, 11.0)])
def test_power_is_what_evse_and_ev_can_do_together(make, ev_kw, power_kw):
    built = build_problem(make.state(sessions=(make.session("A", needs={"max_kw": ev_kw}),)))

    assert entry_of(built)["evse_power_kw"] == power_kw


def test_idle_ev_needs_nothing(make):
    built = build_problem(
        make.state(sessions=(make.session("A", energy_kwh=3.0),), idle_session_ids=frozenset({"session-A"}))
    )

    assert built.problem.sessions[0].need_kwh == 0
    assert built.decided


@pytest.mark.parametrize("profile", list(DriverProfile))
def test_drivers_choice_is_planned(make, profile):
    built = build_problem(make.state(sessions=(make.session("A", needs={"profile": profile}),)))

    assert entry_of(built)["profile"] == profile.value


def test_restriction_binds_every_slot_that_it_touches(make):
    restriction = make.restriction("A", start=make.NOW + timedelta(minutes=20), end=make.NOW + timedelta(minutes=31))

    built = build_problem(make.state(sessions=(make.session("A"), make.session("B")), restrictions=(restriction,)))

    (group,) = built.scenario["groups"]
    assert group["session_ids"] == ["session-A"]
    assert group["max_kw"][:4] == [11.0, 6.0, 6.0, 11.0]


def test_restriction_over_several_sites_takes_this_sites_part(make):
    restriction = make.restriction("A", "elsewhere")
    state = make.state(
        sessions=(make.session("A"),), restrictions=(restriction,), shares_kw={"restriction": (2.5,) * 24}
    )

    assert build_problem(state).scenario["groups"][0]["max_kw"][0] == 2.5


def test_offline_station_is_reserved_at_its_last_plan_and_then_its_fallback(make):
    limits = EvseLimits(
        tx=(profile(make, 7.0, seconds=1800),), default=(profile(make, 4.0, purpose=ProfilePurpose.TX_DEFAULT),)
    )
    state = make.state(
        stations=(make.station("A", online=False), make.station("B")),
        sessions=(make.session("A"), make.session("B")),
        restrictions=(make.restriction("A", "B"),),
        limits={("A", 1): limits},
    )

    built = build_problem(state)

    assert [session.id for session in built.decided] == ["session-B"]
    assert built.reserved_kw["A", 1][:5] == (7.0, 7.0, 7.0, 4.0, 4.0)
    assert built.scenario["demand_kw"][:5] == [7.0, 7.0, 7.0, 4.0, 4.0]
    assert built.scenario["groups"][0]["max_kw"][:4] == [0.0, 0.0, 0.0, 2.0]
    assert any("cannot be steered" in note for note in built.notes)


def test_station_that_may_have_taken_a_profile_counts_at_the_higher_of_both(make):
    limits = EvseLimits(tx=(profile(make, 3.0),)).uncertain(profile(make, 9.0))
    state = make.state(sessions=(make.session("A"),), limits={("A", 1): limits}, unresponsive=frozenset({"A"}))

    assert build_problem(state).reserved_kw["A", 1][0] == 9.0


def test_station_that_draws_more_than_told_counts_at_its_meter(make):
    state = make.state(
        sessions=(make.session("A", power_kw=8.2),),
        limits={("A", 1): EvseLimits(tx=(profile(make, 3.0),))},
        unresponsive=frozenset({"A"}),
    )

    assert build_problem(state).reserved_kw["A", 1][0] == 8.2


@pytest.mark.parametrize(
    ("online", "silent_for", "reserved"),
    [(True, timedelta(0), False), (False, timedelta(hours=1), True), (False, timedelta(hours=25), False)],
    ids=["online", "lately offline", "out of service"],
)
def test_station_without_an_ev_is_reserved_while_one_may_plug_in_unseen(make, online, silent_for, reserved):
    station = make.station("A", online=online, last_seen=make.NOW - silent_for)

    built = build_problem(make.state(stations=(station, make.station("B"))))

    assert (("A", 1) in built.reserved_kw) is reserved
    if reserved:
        assert built.reserved_kw["A", 1][0] == 11.0


@pytest.mark.parametrize(("flexibility", "formulation"), [((0.0,) * 24, "cpo"), ((-4.0,) + (0.0,) * 23, "grid")])
def test_formulation_is_grid_where_an_order_is_given(make, flexibility, formulation):
    state = make.state(sessions=(make.session("A"),), series={SeriesKind.FLEXIBILITY: flexibility})

    assert build_problem(state).formulation == formulation


def test_missing_price_is_yesterdays_else_the_last_known_and_said(make):
    price = (0.1, None, None) + (None,) * 21
    yesterday = (0.3, 0.4) + (None,) * 22

    built = build_problem(
        make.state(sessions=(make.session("A"),), series={SeriesKind.PRICE: price}, price_yesterday=yesterday)
    )

    assert built.scenario["price_eur_per_kwh"][:3] == [0.1, 0.4, 0.4]
    assert any("yesterday" in note and "last known" in note for note in built.notes)


def external(make, limit_kw, *, evse_id=0, station_id="A", starts=timedelta(0), duration_seconds=None):
    schedule = ChargingSchedule(
        start=make.NOW + starts,
        periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),),
        duration_seconds=duration_seconds,
    )
    return ExternalLimit(station_id=station_id, evse_id=evse_id, source="EMS", schedule=schedule, at=make.NOW)


def test_limit_of_others_at_an_evse_caps_its_session(make):
    state = make.state(
        sessions=(make.session("A"),),
        external_limits=(external(make, 2.0, evse_id=1, starts=timedelta(minutes=30), duration_seconds=1800),),
    )

    (entry,) = build_problem(state).scenario["sessions"]

    # From 18:34:30 to 19:04:30: every slot that is touched.
    assert entry["max_kw"][:6] == [11.0, 11.0, 2.0, 2.0, 2.0, 11.0]


def test_limit_of_others_at_a_station_caps_the_sum_of_its_sessions(make):
    station = make.station("A", evses=(Evse(id=1, max_kw=11.0), Evse(id=2, max_kw=11.0)))
    sessions = (make.session("A"), make.session("A", id="second", evse_id=2, ocpp_transaction_id="tx-2"))
    state = make.state(stations=(station,), sessions=sessions, external_limits=(external(make, 6.0),))

    (group,) = build_problem(state).scenario["groups"]

    assert group["session_ids"] == ["session-A", "second"]
    assert set(group["max_kw"]) == {6.0}
    plan = make.solve(build_problem(state).problem)
    assert all(sum(session.energy_kwh[slot] for session in plan.sessions) <= 6.0 * 0.25 + 1e-9 for slot in range(1, 24))


def test_limit_of_others_without_a_schedule_is_told_and_caps_nothing(make):
    limit = ExternalLimit(station_id="A", evse_id=0, source="EMS", schedule=None, at=make.NOW)

    built = build_problem(make.state(sessions=(make.session("A"),), external_limits=(limit,)))

    assert built.scenario["groups"] == []
    assert any("limited by EMS" in note for note in built.notes)


def test_limit_of_others_bounds_what_is_reserved_for_a_station_that_no_plan_reaches(make):
    state = make.state(
        sessions=(make.session("A"),), unresponsive=frozenset({"A"}), external_limits=(external(make, 2.0),)
    )

    assert set(build_problem(state).reserved_kw["A", 1]) == {2.0}


@pytest.mark.parametrize(
    ("declared", "asked_kw", "discharge_kw", "formulation"),
    [
        (frozenset({1}), 7.0, 7.0, "v2g"),
        (frozenset({1}), 50.0, 11.0, "v2g"),
        (frozenset({1}), None, None, "cpo"),
        (frozenset({2}), 7.0, None, "cpo"),
        (frozenset(), 7.0, None, "cpo"),
        (None, 7.0, None, "cpo"),
    ],
)
def test_discharging_is_planned_only_where_station_and_ev_declare_it(
    make, declared, asked_kw, discharge_kw, formulation
):
    known = (
        {} if declared is None else {"A": ChargingAbilities(station_id="A", discharging_evses=declared, at=make.NOW)}
    )
    state = make.state(sessions=(make.session("A", needs={"max_discharge_kw": asked_kw}),), abilities=known)

    built = build_problem(state)

    assert built.scenario["sessions"][0].get("evse_discharge_power_kw") == discharge_kw
    assert built.formulation == formulation


def test_discharging_of_a_station_that_no_plan_reaches_is_not_counted_on(make):
    limits = EvseLimits(tx=(profile(make, -5.0),))
    state = make.state(
        stations=(make.station("A", online=False),), sessions=(make.session("A"),), limits={("A", 1): limits}
    )

    assert min(build_problem(state).reserved_kw["A", 1]) == 0.0


def crowded(make, room, **changes):
    """A station of three EVSEs that keeps ``room`` profiles, each with an EV; the last EVSE's came first."""
    station = make.station("A", evses=tuple(Evse(id=n, max_kw=11.0) for n in (1, 2, 3)))
    sessions = tuple(
        make.session(
            "A",
            id=f"session-{n}",
            evse_id=n,
            ocpp_transaction_id=f"tx-{n}",
            started_at=make.NOW - timedelta(minutes=n),
        )
        for n in (1, 2, 3)
    )
    known = {"A": ChargingAbilities(station_id="A", max_profiles=room, at=make.NOW)}
    values = {"site": make.site(fallback_kw=4.0), "stations": (station,), "sessions": sessions, "abilities": known}
    return make.state(**values | changes)


@pytest.mark.parametrize(
    ("room", "decided"), [(None, [1, 2, 3]), (3, [1, 2, 3]), (2, [3]), (1, [])], ids=["any", "all", "one", "none"]
)
def test_evses_without_room_for_a_profile_of_their_own_are_planned_at_the_common_fallback(make, room, decided):
    state = crowded(make, room)

    built = build_problem(state)
    told = translate_plan(make.solve(built.problem), built, state)

    assert [session.evse_id for session in built.decided] == decided
    others = {("A", n) for n in (1, 2, 3)} - {("A", n) for n in decided}
    assert {key: set(kw) for key, kw in built.reserved_kw.items()} == {key: {4.0} for key in others}
    assert set(built.scenario["demand_kw"]) == {4.0 * len(others)}
    if others:
        assert [one.key[1] for one in told if one.profile.purpose is ProfilePurpose.TX] == decided
        assert len(told) <= room


def test_common_fallback_in_a_restriction_is_an_even_part_of_it(make):
    restriction = make.restriction("A", limit_kw=6.0, end=make.NOW + timedelta(hours=1))

    built = build_problem(crowded(make, 2, restrictions=(restriction,), evses_under={"restriction": 3}))

    reserved_kw = built.reserved_kw["A", 1]
    assert reserved_kw[:4] == (2.0,) * 4
    assert reserved_kw[5:] == (4.0,) * 19
    (group,) = built.scenario["groups"]
    assert (group["session_ids"], group["max_kw"][0]) == (["session-3"], 2.0)


@pytest.mark.parametrize(
    ("v2g", "begins_minutes", "discharge_kw"), [(True, 0, 7.0), (False, 0, None), (False, 240, 7.0)]
)
def test_restriction_without_v2g_lets_no_ev_give_energy_back(make, v2g, begins_minutes, discharge_kw):
    start = make.NOW + timedelta(minutes=begins_minutes)
    state = make.state(
        sessions=(make.session("A", needs={"max_discharge_kw": 7.0}),),
        abilities={"A": ChargingAbilities(station_id="A", discharging_evses=frozenset({1}), at=make.NOW)},
        restrictions=(make.restriction("A", v2g=v2g, start=start, end=start + timedelta(hours=1)),),
    )

    assert build_problem(state).scenario["sessions"][0].get("evse_discharge_power_kw") == discharge_kw
