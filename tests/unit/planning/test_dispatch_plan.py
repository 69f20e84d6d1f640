"""Sending a plan: the order, what is left out, what is tried again, and what is read back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from twinev.domain.charging_profile import ProfilePurpose
from twinev.domain.commands import CommandReply, SetChargingProfile
from twinev.domain.station_fault import FaultCause
from twinev.services.build_problem import build_problem
from twinev.services.dispatch_plan import PlanDispatcher, WantedState
from twinev.services.evse_limits import EvseLimits
from twinev.services.told_limits import ToldLimits
from twinev.services.translate_plan import (
    DesiredProfile,
    fallback_profiles,
    station_max_profiles,
    translate_plan,
    tx_profile,
)

SLOT = timedelta(minutes=15)


@pytest.fixture
def desk(make, memory):
    """A dispatcher over three fake stations, with what it remembers."""
    clock = make.clock()
    stations = make.stations(clock)
    told = ToldLimits()
    dispatcher = PlanDispatcher(
        commands=stations,
        unit_of_work=memory.unit_of_work,
        clock=clock,
        told=told,
        retry_seconds=(0.005, 0.01),
    )
    return dispatcher, stations, told, clock


def wanted_of(make, memory, powers_kw, *, unsteered=frozenset(), plan_id="plan", restriction_id=None):
    """Each station at a constant power for the next three hours, beside its fallback."""
    state = make.state(stations=tuple(memory.stations.values()), sessions=tuple(memory.sessions.values()), now=make.NOW)
    profiles = fallback_profiles(state)
    for name, kw in powers_kw.items():
        session = memory.sessions[f"session-{name}"]
        energy = [kw * hours for hours in state.horizon.slot_hours]
        profiles.append(
            DesiredProfile(
                key=(name, 1),
                profile=tx_profile(session, energy, state.horizon, last_slot=12),
                ceiling_kw=11.0,
                restriction_id=restriction_id,
            )
        )
    return WantedState(
        site_id="site",
        plan_id=plan_id,
        slot=SLOT,
        profiles=tuple(profiles),
        transactions={(s.station_id, s.evse_id): s.ocpp_transaction_id for s in memory.sessions.values()},
        online=frozenset(s.id for s in memory.stations.values() if s.online),
        unsteered=frozenset(unsteered),
    )


async def settle(dispatcher, wanted):
    dispatcher.want(wanted)
    async with asyncio.timeout(5):
        await dispatcher.idle()


def test_first_plan_reaches_every_station_and_is_read_back(make, memory, desk):
    dispatcher, stations, told, _ = desk

    asyncio.run(settle(dispatcher, wanted_of(make, memory, {"A": 3.0, "B": 4.0, "C": 5.0})))

    assert len(stations.sent(ProfilePurpose.TX_DEFAULT)) == 3
    assert {name: p.schedule.limit_kw_at(make.NOW) for name, p in stations.sent(ProfilePurpose.TX)} == {
        "A": 3.0,
        "B": 4.0,
        "C": 5.0,
    }
    assert [command.action for _, command in stations.log].count("GetCompositeSchedule") == 3
    assert not told.faults
    assert {command.outcome for command in memory.commands.values()} == {"accepted"}
    assert memory.events_of("plan.sent")[0]["plan_id"] == "plan"


def test_reductions_are_accepted_before_anything_rises(make, memory, desk):
    dispatcher, stations, _, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.0, "B": 2.0, "C": 6.0}))
        stations.log.clear()
        stations.gates["C"] = asyncio.Event()
        dispatcher.want(wanted_of(make, memory, {"A": 3.0, "B": 9.0, "C": 1.0}))
        await make.until(lambda: ("A", 3.0) in told_now(make, stations))
        rising = [name for name, _ in stations.sent() if name == "B"]
        stations.gates.pop("C").set()
        await dispatcher.idle()
        return rising

    rising = asyncio.run(act())

    assert rising == []
    order = [name for name, _ in stations.sent(ProfilePurpose.TX)]
    assert sorted(order[:2]) == ["A", "C"]
    assert order[2] == "B"


def test_station_that_came_back_rises_only_after_the_others_fell(make, memory, desk):
    dispatcher, stations, told, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 2.0, "B": 8.0, "C": 1.0}))
        told.forget("A")
        stations.always["B"] = "rejected"
        stations.log.clear()
        dispatcher.want(wanted_of(make, memory, {"A": 8.0, "B": 2.0, "C": 1.0}))
        await make.until(lambda: bool(memory.events_of("plan.sent")[1:]))
        refused = {name: make.effective_kw(stations, name, make.NOW) for name in "ABC"}
        told_meanwhile = [kw for name, kw in told_now(make, stations) if name == "A"]
        stations.always.clear()
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.0, "B": 2.0, "C": 1.0}))
        return refused, told_meanwhile

    refused, told_meanwhile = asyncio.run(act())

    assert refused == {"A": 2.0, "B": 8.0, "C": 1.0}
    assert told_meanwhile == [2.0], "it is not left without limits"
    assert {name: make.effective_kw(stations, name, make.NOW) for name in "ABC"} == {"A": 8.0, "B": 2.0, "C": 1.0}


def told_now(make, stations):
    return [(name, profile.schedule.limit_kw_at(make.NOW)) for name, profile in stations.sent(ProfilePurpose.TX)]


def test_nothing_rises_while_a_reduction_is_refused(make, memory, desk):
    dispatcher, stations, told, _ = desk
    blamed = []

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.0, "B": 2.0, "C": 6.0}))
        stations.log.clear()
        told.on_change = lambda station_id, trigger: blamed.append((station_id, trigger))
        stations.always["A"] = "rejected"
        dispatcher.want(wanted_of(make, memory, {"A": 3.0, "B": 9.0, "C": 6.0}))
        await make.until(lambda: [name for name, _ in stations.sent()].count("A") >= 3)
        await dispatcher.close()

    asyncio.run(act())

    assert "B" not in [name for name, _ in stations.sent()]
    assert blamed == [("A", "station.unresponsive")]
    assert "rejected" in told.faults["A"].reason


def test_only_what_changed_is_sent(make, memory, desk):
    dispatcher, stations, _, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.0, "B": 2.0, "C": 6.0}))
        stations.log.clear()
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.04, "B": 2.2, "C": 6.0}))

    asyncio.run(act())

    assert [name for name, _ in stations.sent()] == ["B"]


def test_profile_that_soon_ends_is_renewed(make, memory, desk):
    dispatcher, stations, _, clock = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 8.0}))
        stations.log.clear()
        clock.advance(hours=2, minutes=50)
        state = make.state(now=clock.now(), sessions=tuple(memory.sessions.values()))
        energy = [8.0 * hours for hours in state.horizon.slot_hours]
        profile = tx_profile(memory.sessions["session-A"], energy, state.horizon, last_slot=3)
        wanted = wanted_of(make, memory, {})
        renewed = DesiredProfile(key=("A", 1), profile=profile, ceiling_kw=11.0)
        await settle(dispatcher, WantedState(**{**vars(wanted), "profiles": (*wanted.profiles, renewed)}))

    asyncio.run(act())

    assert [name for name, _ in stations.sent(ProfilePurpose.TX)] == ["A"]


@pytest.mark.parametrize("outcome", ["timeout", "offline", "rejected", "not_supported", "call_error"])
def test_failure_is_blamed_and_tried_again_until_it_works(make, memory, desk, outcome):
    dispatcher, stations, told, _ = desk
    stations.outcomes["B"] = [outcome, outcome]
    triggers = []
    told.on_change = lambda station_id, trigger: triggers.append((station_id, trigger))

    asyncio.run(settle(dispatcher, wanted_of(make, memory, {"A": 3.0, "B": 4.0, "C": 5.0})))

    assert triggers == [("B", "station.unresponsive"), ("B", "station.follows")]
    assert not told.faults
    assert told_now(make, stations)[-1] == ("B", 4.0)
    outcomes = [c.outcome for c in memory.commands.values() if c.station_id == "B" and c.action == "SetChargingProfile"]
    assert outcomes.count(outcome) == 2


def test_silent_station_may_draw_the_higher_of_old_and_new(make, memory, desk):
    dispatcher, stations, told, clock = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 3.0}))
        stations.always["A"] = "timeout"
        dispatcher.want(wanted_of(make, memory, {"A": 7.0}))
        await make.until(lambda: "A" in told.faults)
        await dispatcher.close()

    asyncio.run(act())

    limits = told.of(("A", 1))
    assert limits.highest_kw_at(clock.now(), ocpp_transaction_id="tx-A", otherwise_kw=11.0) == 7.0
    assert limits.settled(ProfilePurpose.TX) is None


def test_schedule_read_back_above_what_was_accepted_is_a_fault(make, memory, desk):
    dispatcher, stations, told, clock = desk
    stations.reported_kw["C"] = 10.0

    async def act():
        dispatcher.want(wanted_of(make, memory, {"A": 3.0, "B": 4.0, "C": 5.0}))
        await make.until(lambda: "C" in told.faults)
        await dispatcher.close()

    asyncio.run(act())

    assert "10.00 kW" in told.faults["C"].reason
    limits = told.of(("C", 1))
    assert limits.highest_kw_at(clock.now(), ocpp_transaction_id="tx-C", otherwise_kw=11.0) == 10.0


def test_lower_limit_of_the_stations_own_is_no_fault(make, memory, desk):
    dispatcher, stations, told, _ = desk
    stations.reported_kw["C"] = 3.7

    asyncio.run(settle(dispatcher, wanted_of(make, memory, {"C": 5.0})))

    assert not told.faults


def test_nobody_waits_for_a_station_that_does_not_follow(make, memory, desk):
    dispatcher, stations, told, clock = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 5.0, "B": 2.0}))
        stations.log.clear()
        stations.always["A"] = "timeout"
        told.blame("A", "silent", clock.now())
        stations.gates["A"] = asyncio.Event()
        dispatcher.want(wanted_of(make, memory, {"B": 6.0}, unsteered={"A"}))
        await make.until(lambda: ("B", 6.0) in told_now(make, stations))
        stations.gates.pop("A").set()
        stations.always.clear()
        await dispatcher.idle()

    asyncio.run(act())

    # Its last plan still stands, and is what it is told again.
    assert ("A", 5.0) in told_now(make, stations)
    assert not told.faults


def test_newer_plan_replaces_the_older_one_on_its_way(make, memory, desk):
    dispatcher, stations, _, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 1.0, "B": 1.0, "C": 1.0}))
        stations.log.clear()
        stations.gates["A"] = asyncio.Event()
        dispatcher.want(wanted_of(make, memory, {"A": 0.5, "B": 8.0, "C": 1.0}))
        await make.until(lambda: ("A", 0.5) in told_now(make, stations))
        dispatcher.want(wanted_of(make, memory, {"A": 0.2, "B": 2.0, "C": 1.0}))
        stations.gates.pop("A").set()
        await dispatcher.idle()

    asyncio.run(act())

    assert ("B", 8.0) not in told_now(make, stations)
    assert make.effective_kw(stations, "A", make.NOW) == 0.2
    assert make.effective_kw(stations, "B", make.NOW) == 2.0
    assert stations.most_outstanding == 1


def test_sum_told_never_exceeds_the_site_while_power_moves_between_stations(make, memory, desk):
    dispatcher, _, told, clock = desk
    sums = []

    def observe():
        sums.append(
            sum(
                told.of((name, 1)).highest_kw_at(clock.now(), ocpp_transaction_id=f"tx-{name}", otherwise_kw=11.0)
                for name in "ABC"
            )
        )

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 10.0, "B": 1.0, "C": 1.0}))
        accept = told.accept

        def accept_and_observe(*args):
            accept(*args)
            observe()

        told.accept = accept_and_observe
        await settle(dispatcher, wanted_of(make, memory, {"A": 1.0, "B": 10.0, "C": 1.0}))
        await settle(dispatcher, wanted_of(make, memory, {"A": 1.0, "B": 2.0, "C": 9.0}))

    asyncio.run(act())

    assert sums
    assert max(sums) <= 12.0 + 1e-9


def test_station_that_came_back_is_told_everything_again(make, memory, desk):
    dispatcher, stations, told, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 5.0, "B": 2.0}))
        stations.log.clear()
        told.forget("A")
        dispatcher.resume("site")
        await dispatcher.idle()

    asyncio.run(act())

    assert [(name, p.purpose) for name, p in stations.sent()] == [
        ("A", ProfilePurpose.TX_DEFAULT),
        ("A", ProfilePurpose.TX),
    ]


def test_restart_knows_from_the_record_what_was_accepted(make, memory, desk):
    dispatcher, stations, told, _ = desk
    stations.always["C"] = "timeout"

    async def act():
        dispatcher.want(wanted_of(make, memory, {"A": 5.0, "B": 2.0, "C": 4.0}))
        await make.until(lambda: "C" in told.faults and all(told.of((name, 1)).tx for name in "AB"))
        await dispatcher.close()

    asyncio.run(act())
    again = ToldLimits()

    again.restore(memory.unit_of_work(), ["A", "B", "C"])

    for name in ("A", "B"):
        assert again.of((name, 1)) == told.of((name, 1))
        assert again.of((name, 1)).settled(ProfilePurpose.TX) is not None
    assert again.of(("C", 1)) != EvseLimits()
    assert again.of(("C", 1)).default[0] in told.of(("C", 1)).default


def test_plan_of_a_real_problem_is_sent_whole(make, memory, desk):
    dispatcher, stations, _, clock = desk
    state = make.state(
        stations=tuple(memory.stations.values()),
        sessions=tuple(memory.sessions.values()),
        restrictions=(make.restriction("A", "B"),),
    )
    built = build_problem(state)
    wanted = WantedState(
        site_id="site",
        plan_id="plan",
        slot=SLOT,
        profiles=tuple(translate_plan(make.solve(built.problem), built, state)),
        transactions={(s.station_id, 1): s.ocpp_transaction_id for s in state.sessions},
        online=frozenset("ABC"),
    )

    asyncio.run(settle(dispatcher, wanted))

    assert sum(make.effective_kw(stations, name, clock.now()) for name in "AB") <= 6.0
    restricted = {c.station_id for c in memory.commands.values() if c.restriction_id == "restriction"}
    assert restricted == {"A", "B"}


def test_first_profile_that_nobody_answered_before_the_restart_is_sent_again(make, memory, desk):
    dispatcher, stations, _, clock = desk

    async def act():
        stations.gates["A"] = asyncio.Event()
        dispatcher.want(wanted_of(make, memory, {"A": 5.0}))
        await make.until(lambda: any(name == "A" for name, _ in stations.log))
        await dispatcher.close()

    asyncio.run(act())
    told = ToldLimits()
    told.restore(memory.unit_of_work(), ["A", "B", "C"])
    stations.gates.clear()
    stations.log.clear()
    again = PlanDispatcher(commands=stations, unit_of_work=memory.unit_of_work, clock=clock, told=told)

    asyncio.run(settle(again, wanted_of(make, memory, {"A": 5.0})))

    assert [name for name, _ in stations.sent(ProfilePurpose.TX_DEFAULT)].count("A") == 1
    assert make.effective_kw(stations, "A", make.NOW) == 5.0


def with_maximum(make, memory, wanted):
    state = make.state(stations=tuple(memory.stations.values()), now=make.NOW)
    return replace(wanted, profiles=(*wanted.profiles, *station_max_profiles(state)))


def test_station_that_knows_no_maximum_is_not_asked_again_and_follows_without(make, memory, desk):
    dispatcher, stations, told, _ = desk
    refuse(stations, "A", ProfilePurpose.STATION_MAX)

    async def act():
        for kw in (3.0, 5.0):
            await settle(dispatcher, with_maximum(make, memory, wanted_of(make, memory, {"A": kw})))

    asyncio.run(act())

    assert [name for name, _ in stations.sent(ProfilePurpose.STATION_MAX)].count("A") == 1
    assert not told.faults
    assert make.effective_kw(stations, "A", make.NOW) == 5.0
    again = ToldLimits()
    again.restore(memory.unit_of_work(), ["A", "B"])
    assert again.refused == {("A", ProfilePurpose.STATION_MAX)}, "a restart does not ask again either"


def refuse(stations, name, purpose, *, reason_code=None, while_installed=None):
    """Have a station refuse profiles of one purpose, if ``while_installed`` is given only while it has one of that."""
    answer = stations._answer

    def refusing(station_id, command):
        concerned = isinstance(command, SetChargingProfile) and command.profile.purpose is purpose
        hindered = while_installed is None or (name, 1, while_installed) in stations.installed
        if station_id == name and concerned and hindered:
            response = {"status": "Rejected"}
            if reason_code is not None:
                response["statusInfo"] = {"reasonCode": reason_code}
            return CommandReply(command_id="c", outcome="rejected", status="Rejected", response=response)
        return answer(station_id, command)

    stations._answer = refusing


def test_station_with_profiles_of_others_in_the_way_is_cleaned_once(make, memory, desk):
    dispatcher, stations, told, _ = desk
    stations.reported_kw["C"] = 10.0

    asyncio.run(settle(dispatcher, wanted_of(make, memory, {"A": 3.0, "B": 4.0, "C": 5.0})))

    cleared = [command.purpose for name, command in stations.log if command.action == "ClearChargingProfile"]
    assert cleared == ["TxDefaultProfile", "TxProfile", "ChargingStationMaxProfile"]
    assert not told.faults
    assert make.effective_kw(stations, "C", make.NOW) == 5.0


def test_station_that_keeps_fewer_profiles_than_it_said_tells_its_room(make, memory, desk):
    dispatcher, stations, told, _ = desk
    refuse(stations, "A", ProfilePurpose.TX, reason_code="TooManyProfiles", while_installed=ProfilePurpose.TX_DEFAULT)

    async def act():
        dispatcher.want(wanted_of(make, memory, {"A": 3.0}))
        await make.until(lambda: "A" in told.room)
        await dispatcher.close()

    asyncio.run(act())

    assert told.room == {"A": 1}
    assert "TooManyProfiles" in told.faults["A"].reason


def test_changed_room_moves_the_fallback_and_leaves_none_behind(make, memory, desk):
    dispatcher, stations, told, _ = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 3.0}))
        wanted = wanted_of(make, memory, {"A": 3.0})
        moved = [
            replace(d, key=("A", 0), profile=replace(d.profile, evse_id=0, id=1))
            if d.key[0] == "A" and d.profile.purpose is ProfilePurpose.TX_DEFAULT
            else d
            for d in wanted.profiles
        ]
        await settle(dispatcher, replace(wanted, profiles=tuple(moved)))

    asyncio.run(act())

    places = {key for key in stations.installed if key[0] == "A" and key[2] is ProfilePurpose.TX_DEFAULT}
    assert places == {("A", 0, ProfilePurpose.TX_DEFAULT)}
    assert not told.faults


def test_ev_at_a_station_without_a_socket_is_a_fault_until_it_is_back(make, memory, desk):
    dispatcher, _, told, _ = desk
    memory.go_offline("B")

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"A": 3.0}))
        offline = dict(told.faults)
        memory.go_offline("B", online=True)
        told.forget("B")
        await settle(dispatcher, wanted_of(make, memory, {"A": 3.0, "B": 2.0}))
        return offline

    offline = asyncio.run(act())

    assert {name: fault.cause for name, fault in offline.items()} == {"B": FaultCause.OFFLINE}
    assert not told.faults


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("rejected", FaultCause.REJECTED),
        ("not_supported", FaultCause.NOT_SUPPORTED),
        ("call_error", FaultCause.CALL_ERROR),
        ("timeout", FaultCause.TIMEOUT),
        ("offline", FaultCause.OFFLINE),
    ],
)
def test_fault_names_its_cause(make, memory, desk, outcome, cause):
    dispatcher, stations, told, _ = desk
    stations.always["B"] = outcome

    async def act():
        dispatcher.want(wanted_of(make, memory, {"B": 3.0}))
        await make.until(lambda: "B" in told.faults)
        await dispatcher.close()

    asyncio.run(act())

    assert told.faults["B"].cause is cause


def test_restart_knows_that_a_station_was_cleaned(make, memory, desk):
    dispatcher, stations, told, clock = desk

    async def act():
        await settle(dispatcher, wanted_of(make, memory, {"C": 5.0}))
        clock.advance(seconds=1)
        told.blame("C", "its composite is too high", clock.now())
        told.suspect("C")
        stations.always["C"] = "rejected"
        dispatcher.want(wanted_of(make, memory, {"C": 5.0}, unsteered={"C"}))
        await make.until(lambda: "C" in told.cleaned and "rejected" in told.faults["C"].reason)
        await dispatcher.close()

    asyncio.run(act())
    again = ToldLimits()

    again.restore(memory.unit_of_work(), ["C"])

    assert again.of(("C", 1)) == EvseLimits()
