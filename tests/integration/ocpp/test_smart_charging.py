"""Smart charging over a real socket: what becomes of a plan at the station in front of us."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ocpp_behaviours import behaviour
from steered_stations import NOW, STATION_MAX, Steering, only

from twinev.adapters.database.migrate import upgrade
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.domain.commands import SetChargingProfile
from twinev.domain.grid import Restriction
from twinev.services.build_problem import build_problem

TWO = ("ocpp2.0.1", "ocpp2.1")
BEFORE_21 = ("ocpp1.6", "ocpp2.0.1")
CP1 = ("CP1", 1)
AMPERES = {
    "ocpp1.6": {"ChargingScheduleAllowedChargingRateUnit": "Current"},
    "ocpp2.0.1": {"RateUnit": "A"},
    "ocpp2.1": {"RateUnit": "A"},
}
TWO_PERIODS = {
    "ocpp1.6": {"ChargingScheduleMaxPeriods": "2"},
    "ocpp2.0.1": {"PeriodsPerSchedule": "2"},
    "ocpp2.1": {"PeriodsPerSchedule": "2"},
}
ROOM = {"ocpp1.6": "MaxChargingProfilesInstalled", "ocpp2.0.1": "Entries", "ocpp2.1": "Entries"}


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def steering(bench, tmp_path, migrated_file) -> Steering:
    path = tmp_path / "twinev.db"
    path.write_bytes(migrated_file.read_bytes())
    return Steering(bench, f"sqlite:///{path}")


def steer(steering, protocol, script, *, abilities=None, evses=1, charging=(1,)):
    """Run ``script`` with one station that has booted, an EV at each EVSE of ``charging``."""

    async def scenario():
        steering.add_station(evses=evses)
        for evse_id in charging:
            steering.plug_in(evse_id=evse_id, transaction=str(41 + evse_id))
        async with steering.running(), steering.station(protocol, abilities=abilities) as station:
            return await script(station)

    return asyncio.run(scenario())


def sent_plan(steering, protocol, power_kw, **options):
    """The TxProfile that becomes of a plan of ``power_kw``; options as of `steer`."""

    async def script(station):
        await steering.settle({CP1: power_kw})
        return only(station.told("TxProfile"))

    return steer(steering, protocol, script, **options)


def station_max(protocol):
    return STATION_MAX.get(protocol, "ChargingStationMaxProfile")


@behaviour(
    "S01",
    "A plan is a TxProfile of the running transaction, absolute and with a duration",
    source="1.6 ed. 2 §3.13, §5.16; 2.0.1 part 2 K01",
)
def test_plan_is_a_tx_profile(steering, protocol):
    told = sent_plan(steering, protocol, 7.0)

    assert (told.evse_id, told.transaction, told.kind) == (1, "42", "Absolute")
    assert told.start + timedelta(seconds=told.duration_seconds) == NOW.replace(second=0) + timedelta(hours=2)
    assert told.limit_at(NOW) == 7000


@behaviour(
    "S02",
    "Each EVSE has a TxDefaultProfile without an end, and rules by it when the plan is over; without a transaction no "
    "TxProfile is sent",
    source="1.6 ed. 2 §3.13; 2.0.1 part 2 K01",
)
def test_fallback_is_a_default_profile(steering, protocol):
    async def script(station):
        await steering.settle()
        idle = station.told("TxProfile")
        steering.plug_in(evse_id=2, transaction="43")
        await steering.settle({("CP1", 2): 7.0})
        steering.clock.advance(hours=3)
        return idle, station.told("TxDefaultProfile"), station.limit_now(2)

    idle, fallbacks, after_the_plan = steer(steering, protocol, script, evses=2, charging=())

    assert idle == []
    assert [(told.evse_id, told.duration_seconds, told.limit_at(NOW)) for told in fallbacks] == [
        (1, None, 4000),
        (2, None, 4000),
    ]
    assert after_the_plan == 4000


@behaviour(
    "S03",
    "The station's maximum is set for connector or EVSE 0; in a restriction no more than its limit, to the second",
    source="1.6 ed. 2 §3.13, §5.16; 2.0.1 part 2 K01",
)
def test_station_maximum(steering, protocol):
    start, end = NOW + timedelta(minutes=7, seconds=11), NOW + timedelta(minutes=20)
    restriction = Restriction(
        id="r", station_ids=("CP1",), limit_kw=3.0, start=start, end=end, created_by="dso", created_at=NOW
    )

    async def script(station):
        steering.save(restriction)
        await steering.settle({CP1: 7.0})
        return only(station.told(station_max(protocol)))

    told = steer(steering, protocol, script, evses=2)

    assert (told.evse_id, told.transaction, told.kind) == (0, None, "Absolute")
    limits = [told.limit_at(at) for at in (NOW, start - timedelta(seconds=1), start, end - timedelta(seconds=1), end)]
    assert limits == [22000, 22000, 3000, 3000, 22000]


@behaviour(
    "S04",
    "No two profiles of a station share an id, or a purpose, stack level and EVSE; every stack level is 0",
    source="1.6 ed. 2 §3.13.2, §9.4; 2.0.1 part 2 K01",
)
def test_profiles_never_collide(steering, protocol):
    async def script(station):
        await steering.settle({CP1: 7.0, ("CP1", 2): 5.0})
        await steering.settle({CP1: 2.0, ("CP1", 2): 9.0})
        return station.told()

    told = steer(steering, protocol, script, evses=2, charging=(1, 2))

    places = {(one.purpose, one.stack_level, one.evse_id): one.id for one in told}
    assert len(places) == len(set(places.values())) == 5
    assert all(places[one.purpose, one.stack_level, one.evse_id] == one.id for one in told)
    assert {one.stack_level for one in told} == {0}


@behaviour(
    "S05",
    "A schedule starts at a whole second half a minute in the past: a station whose clock lags applies it at once",
    source="1.6 ed. 2 §3.13; 2.0.1 part 2 K01",
)
def test_schedules_start_in_the_past(steering, protocol):
    async def script(station):
        steering.clock.advance(milliseconds=700)
        await steering.settle({CP1: 7.0})
        return station.told()

    told = steer(steering, protocol, script)

    assert {one.start for one in told} == {NOW - timedelta(seconds=30)}
    assert all(one.limit_at(NOW - timedelta(seconds=20)) == one.limit_at(NOW) for one in told)


@behaviour(
    "S06",
    "Limits in watts are whole, in amperes tenths per phase with their number of phases, rounded toward zero",
    source="1.6 ed. 2 §7 ChargingSchedulePeriod; 2.0.1 part 2 ChargingSchedulePeriodType",
)
@pytest.mark.parametrize(("unit", "power_kw", "limit"), [("W", 7.3609, 7360), ("A", 11.0, 15.9), ("A", 7.36, 10.6)])
def test_limits_are_rounded_toward_zero(steering, protocol, unit, power_kw, limit):
    told = sent_plan(steering, protocol, power_kw, abilities=AMPERES[protocol] if unit == "A" else None)

    assert told.unit == unit
    assert told.periods[0]["limit"] == limit
    assert told.periods[0].get("numberPhases") == (3 if unit == "A" else None)


@behaviour(
    "S07",
    "A station gets no more periods than it takes; neighbours are merged under the lower limit",
    source="1.6 ed. 2 §9.4 ChargingScheduleMaxPeriods; 2.0.1 part 2 SmartChargingCtrlr PeriodsPerSchedule",
)
def test_periods_are_merged(steering, protocol):
    async def script(station):
        steering.hear()
        profile = only(
            d for d in steering.wanted({CP1: 7.0}).profiles if d.profile.purpose is ProfilePurpose.TX
        ).profile
        await steering.send("CP1", SetChargingProfile(profile=stairs(profile, 7.0, 6.9, 3.0, 3.1)))
        return only(station.told("TxProfile"))

    told = steer(steering, protocol, script, abilities=TWO_PERIODS[protocol])

    assert [(period["startPeriod"], period["limit"]) for period in told.periods] == [(0, 6900), (1800, 3000)]


def stairs(profile: ChargingProfile, *limits_kw: float) -> ChargingProfile:
    """The profile with one limit for each quarter of an hour."""
    first = profile.schedule.periods[0]
    periods = tuple(replace(first, start_seconds=900 * n, limit_kw=kw) for n, kw in enumerate(limits_kw))
    return replace(profile, schedule=replace(profile.schedule, periods=periods))


@behaviour(
    "S08",
    "A station with room for few profiles gets the most important ones: a fallback, the plans, at last its maximum",
    source="1.6 ed. 2 §9.4 MaxChargingProfilesInstalled; 2.0.1 part 2 SmartChargingCtrlr Entries",
)
@pytest.mark.parametrize(
    ("room", "purposes"),
    [
        (3, ["TxDefaultProfile 1", "TxProfile 1", "max 0"]),
        (2, ["TxDefaultProfile 1", "TxProfile 1"]),
        (1, ["TxDefaultProfile 1"]),
    ],
)
def test_few_profiles(steering, protocol, room, purposes):
    async def script(station):
        await steering.settle({CP1: 7.0})
        now, told = station.limit_now(), station.told()
        steering.clock.advance(hours=3)
        return told, now, station.limit_now()

    told, now, later = steer(steering, protocol, script, abilities={ROOM[protocol]: str(room)})

    assert [f"{one.purpose} {one.evse_id}" for one in told] == [
        name.replace("max", station_max(protocol)) for name in purposes
    ]
    assert (now, later) == (7000, 4000), "plan and fallback rule in any case"


@behaviour(
    "S09",
    "An EVSE that declares no discharging is never sent any: it gets nothing instead, and its plan has none",
    source="2.1 part 2 Q; 1.6 and 2.0.1 know no discharging",
)
def test_no_discharging_where_none_is_declared(steering, protocol):
    async def script(station):
        await steering.settle({CP1: -5.0})
        steering.plug_in(max_discharge_kw=7.0)
        return only(station.told("TxProfile")), build_problem(steering.state()).scenario["sessions"][0]

    told, entry = steer(steering, protocol, script)

    assert [period["limit"] for period in told.periods] == [0]
    assert "setpoint" not in told.periods[0]
    assert "evse_discharge_power_kw" not in entry


@behaviour(
    "S10",
    "An EVSE with V2X enabled and CentralSetpoint supported is told to discharge by a setpoint within limits",
    source="2.1 part 2 Q, V2XChargingCtrlr, ChargingSchedulePeriodType",
    protocols=("ocpp2.1",),
)
def test_discharging_is_a_setpoint(steering, protocol):
    abilities = {"Enabled": "true", "SupportedOperationModes": "ChargingOnly,CentralSetpoint"}

    async def script(station):
        steering.plug_in(max_discharge_kw=7.0)
        problem = build_problem(steering.state())
        await steering.settle({CP1: -5.0})
        return only(station.told("TxProfile")), problem, steering.fault()

    told, problem, fault = steer(steering, protocol, script, abilities=abilities)

    assert told.periods == (
        {
            "startPeriod": 0,
            "operationMode": "CentralSetpoint",
            "setpoint": -5000,
            "limit": 0,
            "dischargeLimit": -5000,
        },
    )
    assert problem.scenario["sessions"][0]["evse_discharge_power_kw"] == 7.0
    assert problem.formulation == "v2g"
    assert fault is None, "the setpoint that it reports is what it was told"


@behaviour(
    "S11",
    "A station that says by TwinEV's own key that it takes negative limits is told to discharge by one",
    source="no standard: configuration key or SmartChargingCtrlr variable TwinEVNegativeLimits",
    protocols=BEFORE_21,
)
def test_discharging_is_a_negative_limit(steering, protocol):
    told = sent_plan(steering, protocol, -5.0, abilities={"TwinEVNegativeLimits": "true"})

    assert [period["limit"] for period in told.periods] == [-5000]


async def two_stations(steering, protocol, script):
    """Run ``script`` with two stations that charge at 8 and 2 kW."""
    for name, number in (("CP1", "42"), ("CP2", "43")):
        steering.add_station(name)
        steering.plug_in(name, transaction=number)
    async with (
        steering.running(),
        steering.station(protocol, "CP1") as falling,
        steering.station(protocol, "CP2") as rising,
    ):
        await steering.settle({CP1: 8.0, ("CP2", 1): 2.0})
        falling.calls.clear()
        rising.calls.clear()
        return await script(falling, rising)


@behaviour(
    "S12",
    "What rises at one station is sent only after every reduction of the site is accepted",
    source="TwinEV; 2.0.1 part 2 K01",
)
def test_reductions_go_first(steering, protocol):
    async def script(falling, rising):
        falling.gate.clear()
        steering.dispatcher.want(steering.wanted({CP1: 3.0, ("CP2", 1): 7.0}))
        await falling.wait_until(lambda: bool(falling.told("TxProfile")))
        # Another message on the rising station's socket comes back: nothing was on its way before it.
        assert (await rising.ask("Heartbeat", {}))[0] == 3
        early = rising.told("TxProfile")
        falling.gate.set()
        await rising.wait_until(lambda: bool(rising.told("TxProfile")))
        await steering.dispatcher.idle()
        return early, falling.limit_now(), rising.limit_now()

    early, low, high = asyncio.run(two_stations(steering, protocol, script))

    assert early == []
    assert (low, high) == (3000, 7000)


@behaviour(
    "S13",
    "Nothing rises while a station does not accept less",
    source="TwinEV; 2.0.1 part 2 K01",
)
@pytest.mark.parametrize("answer", [{"status": "Rejected"}, "InternalError"])
def test_nothing_rises_while_a_reduction_is_refused(steering, protocol, answer):
    async def script(falling, rising):
        falling.always["SetChargingProfile"] = answer
        steering.dispatcher.want(steering.wanted({CP1: 3.0, ("CP2", 1): 7.0}))
        await falling.wait_until(lambda: len(falling.actions("SetChargingProfile")) >= 3)
        return rising.told("TxProfile"), falling.limit_now() + rising.limit_now()

    risen, sum_w = asyncio.run(two_stations(steering, protocol, script))

    assert risen == []
    assert sum_w == 10_000


@behaviour(
    "S14",
    "A station that has accepted is asked for its composite schedule, which is compared with what its profiles come to",
    source="1.6 ed. 2 §5.7; 2.0.1 part 2 K08",
)
@pytest.mark.parametrize("unit", ["W", "A"])
def test_composite_schedule_is_read_back(steering, protocol, unit):
    async def script(station):
        await steering.settle({CP1: 7.0})
        return station.actions("GetCompositeSchedule"), steering.fault()

    asked, fault = steer(steering, protocol, script, abilities=AMPERES[protocol] if unit == "A" else None)

    assert only(asked).get("connectorId", only(asked).get("evseId")) == 1
    assert only(asked)["chargingRateUnit"] == unit
    assert fault is None
    assert only(steering_records(steering)).payload["differences"] == []


def steering_records(steering):
    return [one for one in steering.commands("GetCompositeSchedule") if "composite" in one.payload]


@behaviour(
    "S15",
    "A composite schedule above what was accepted is not following; profiles of others are cleared, ours set anew",
    source="1.6 ed. 2 §5.5, §5.7; 2.0.1 part 2 K08, K10",
)
def test_composite_above_what_was_accepted(steering, protocol):
    async def script(station):
        station.reports = 10_000.0
        await steering.settle({CP1: 7.0})
        return station.actions("ClearChargingProfile"), station.told("TxProfile"), station.limit_now()

    cleared, told, limit = steer(steering, protocol, script)

    assert len(cleared) == 3
    assert len(told) == 2
    assert limit == 7000
    assert steering.alerts() == ["station.not_following", "station.following"]
    worse = only(found for record in steering_records(steering) for found in record.payload["differences"])
    assert (worse["expected_kw"], worse["reported_kw"]) == (7.0, 10.0)


@behaviour(
    "S16",
    "A composite schedule below what was accepted is no fault, but on record: the station may have limits of its own; "
    "where the meter agrees, the plan counts on no more",
    source="2.0.1 part 2 K08, K11",
)
def test_composite_below_what_was_accepted(steering, protocol):
    async def script(station):
        station.reports = 3700.0
        await steering.settle({CP1: 7.0})
        before = build_problem(steering.state()).scenario["sessions"][0]
        steering.clock.advance(seconds=60)
        steering.meter_shows(3.6)
        after = build_problem(steering.state()).scenario["sessions"][0]
        return station.actions("ClearChargingProfile"), steering.fault(), before, after

    cleared, fault, before, after = steer(steering, protocol, script)

    assert (cleared, fault) == ([], None)
    assert "max_kw" not in before
    assert after["max_kw"][0] == 3.7
    lower = only(steering_records(steering)).payload["differences"][0]
    assert (lower["expected_kw"], lower["reported_kw"]) == (7.0, 3.7)


REFUSALS = [
    pytest.param({"status": "Rejected"}, "rejected", id="rejected"),
    pytest.param("NotSupported", "not_supported", id="not supported"),
    pytest.param("InternalError", "call_error", id="call error"),
    pytest.param(None, "timeout", id="silence"),
]


@behaviour(
    "S17",
    "A station that refuses, does not support, fails or does not answer a profile is shown with the cause, alerted of "
    "once, and told again until it follows",
    source="1.6 ed. 2 §5.16; 2.0.1 part 2 K01; TwinEV",
)
@pytest.mark.parametrize(("answer", "cause"), REFUSALS)
def test_not_enforced_is_seen_and_tried_again(steering, protocol, answer, cause):
    async def script(station):
        steering.command_seconds = 0.1 if answer is None else 5.0
        station.answers["SetChargingProfile"] = [answer] * 3
        steering.dispatcher.want(steering.wanted({CP1: 7.0}))
        await station.wait_until(lambda: len(station.actions("SetChargingProfile")) >= 3)
        await steering.recorder.settled()
        meanwhile = steering.fault()
        steering.command_seconds = 5.0
        await steering.dispatcher.idle()
        await steering.recorder.settled()
        return meanwhile, station.limit_now()

    meanwhile, limit = steer(steering, protocol, script)

    assert meanwhile.cause == cause
    assert meanwhile.reason.startswith("SetChargingProfile: ")
    assert limit == 7000
    assert steering.alerts() == ["station.not_following", "station.following"]


@behaviour(
    "S18",
    "An EV at a station without a socket is shown as not following; the station is told again when it is back",
    source="TwinEV; 1.6 ed. 2 §3.13; 2.0.1 part 2 K01",
)
def test_offline_is_seen(steering, protocol):
    async def scenario():
        steering.add_station()
        steering.plug_in()
        async with steering.running():
            async with steering.station(protocol) as station:
                await steering.settle({CP1: 7.0})
            await steering.bench.facts.wait_for("ConnectionChanged", 2)
            await steering.settle()
            offline = steering.fault()
            async with steering.station(protocol) as station:
                steering.told.forget("CP1")
                await steering.settle({CP1: 5.0})
                return offline, station.limit_now(), steering.fault()

    offline, limit, fault = asyncio.run(scenario())

    assert offline.cause == "offline"
    assert limit == 5000
    assert fault is None
    assert steering.alerts() == ["station.not_following", "station.following"]


@behaviour(
    "S19",
    "A station whose meter shows more than it accepted is not following, and is planned at what it draws",
    source="TwinEV; 1.6 ed. 2 §4.7; 2.0.1 part 2 J02",
)
def test_meter_above_what_was_accepted(steering, protocol):
    async def script(station):
        await steering.settle({CP1: 3.0})
        steering.clock.advance(seconds=60)
        steering.meter_shows(9.0)
        await steering.meters.look()
        await steering.recorder.settled()
        faulty, reserved = steering.fault(), build_problem(steering.state()).reserved_kw[CP1]
        steering.meter_shows(3.0)
        await steering.meters.look()
        await steering.recorder.settled()
        return faulty, reserved[0], steering.fault()

    faulty, reserved_kw, after = steer(steering, protocol, script)

    assert (faulty.cause, faulty.reason) == ("meter", "EVSE 1 draws 9.0 kW where it accepted 3.0 kW")
    assert reserved_kw == 9.0
    assert after is None


@behaviour(
    "S20",
    "A station that knows no maximum for the whole follows without it, and is not asked again",
    source="1.6 ed. 2 §5.16; 2.0.1 part 2 K01",
)
@pytest.mark.parametrize("answer", [{"status": "Rejected"}, "NotImplemented"])
def test_station_without_a_maximum(steering, protocol, answer):
    async def script(station):
        station.refuses = lambda told: answer if told.evse_id == 0 else None
        await steering.settle({CP1: 7.0})
        await steering.settle({CP1: 5.0})
        return len(station.told(station_max(protocol))), station.limit_now(), steering.fault()

    assert steer(steering, protocol, script) == (1, 5000, None)


@behaviour(
    "S21",
    "A station that cannot report its composite schedule is believed what it accepted",
    source="1.6 ed. 2 §5.7; 2.0.1 part 2 K08",
)
def test_station_without_composite_schedules(steering, protocol):
    async def script(station):
        station.always["GetCompositeSchedule"] = "NotImplemented"
        await steering.settle({CP1: 7.0})
        return station.limit_now(), steering.fault()

    assert steer(steering, protocol, script) == (7000, None)


@behaviour("S22", "A profile that says nothing new is not sent again", source="TwinEV")
def test_nothing_new_is_not_sent(steering, protocol):
    async def script(station):
        await steering.settle({CP1: 7.0})
        station.calls.clear()
        steering.clock.advance(seconds=20)
        await steering.settle({CP1: 7.0})
        return station.calls

    assert steer(steering, protocol, script) == []


@behaviour(
    "S23",
    "A limit that the station reports from others caps the plan, in kW, until it is cleared",
    source="2.0.1 part 2 K12, K13",
    protocols=TWO,
)
@pytest.mark.parametrize(("unit", "limit", "limit_kw"), [("W", 5000, 5.0), ("A", 10, 6.9)])
def test_limit_of_others(steering, protocol, unit, limit, limit_kw):
    async def script(station):
        schedule = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        notified = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1, "chargingSchedule": [schedule]}
        first = await station.ask("NotifyChargingLimit", notified)
        capped = build_problem(steering.state()).scenario["sessions"][0]
        second = await station.ask("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1})
        free = build_problem(steering.state()).scenario["sessions"][0]
        return first, second, capped, free

    first, second, capped, free = steer(steering, protocol, script)

    assert (first[0], first[2], second[0], second[2]) == (3, {}, 3, {})
    assert set(capped["max_kw"]) == {limit_kw}
    assert "max_kw" not in free


@behaviour(
    "S24",
    "A station that has no room for a profile is cleaned, and gets the most important ones of those that it keeps",
    source="2.0.1 part 2 K01, reason code TooManyProfiles",
    protocols=TWO,
)
def test_too_many_profiles(steering, protocol):
    too_many = {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyProfiles"}}

    async def script(station):
        station.refuses = lambda told: (
            too_many if len(station.installed.keys() | {(told.evse_id, told.purpose)}) > 1 else None
        )
        steering.dispatcher.want(steering.wanted({CP1: 7.0}))
        await station.wait_until(lambda: "CP1" in steering.told.room)
        await steering.settle({CP1: 7.0})
        return station.limit_now(), list(station.installed), steering.fault()

    limit, installed, fault = steer(steering, protocol, script)

    assert limit == 7000
    assert installed == [(1, "TxDefaultProfile")]
    assert fault is None


@behaviour(
    "S25",
    "A profile of another id in the place of ours (DuplicateProfile) is cleared, and ours is set",
    source="2.0.1 part 2 K01, reason code DuplicateProfile",
    protocols=TWO,
)
def test_duplicate_profile(steering, protocol):
    duplicate = {"status": "Rejected", "statusInfo": {"reasonCode": "DuplicateProfile"}}

    async def script(station):
        station.refuses = lambda told: None if station.actions("ClearChargingProfile") else duplicate
        await steering.settle({CP1: 7.0})
        return station.limit_now(), steering.fault()

    assert steer(steering, protocol, script) == (7000, None)
    assert steering.alerts() == ["station.not_following", "station.following"]


@behaviour(
    "S26",
    "What a station can do is asked after its boot and kept: periods, stack levels, number of profiles, discharging",
    source="1.6 ed. 2 §9.4; 2.0.1 part 2 SmartChargingCtrlr; 2.1 part 2 V2XChargingCtrlr",
)
def test_abilities_are_kept(steering, protocol):
    abilities = TWO_PERIODS[protocol] | {ROOM[protocol]: "7"}

    async def script(station):
        steering.hear()
        with steering.database.reading() as work:
            return work.abilities.of(["CP1"])["CP1"]

    known = steer(steering, protocol, script, abilities=abilities)

    assert (known.max_periods, known.max_profiles, known.discharging_evses) == (2, 7, frozenset())
