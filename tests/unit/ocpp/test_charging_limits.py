"""Limits of others off the wire, and discharging on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.schemas import check_request
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import GetCompositeSchedule, SetChargingProfile
from twinev.domain.facts import ChargingLimitNotified

TWO = ("ocpp2.0.1", "ocpp2.1")
STATION = Station(station_id="CP", protocol="ocpp2.1", evse_count=2)


def read(dialects, protocol, action, payload, now):
    check_request(dialects[protocol].schemas, action, payload)
    return dialects[protocol].station_messages[action](STATION, payload, now)


@pytest.mark.parametrize("protocol", TWO)
def test_limit_of_others_comes_in_kw_from_now_on(dialects, now, protocol):
    payload = {
        "evseId": 2,
        "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
        "chargingSchedule": [
            {
                "id": 1,
                "duration": 900,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 16, "numberPhases": 1},
                    {"startPeriod": 60, "limit": 10},
                ],
            }
        ],
    }

    step = read(dialects, protocol, "NotifyChargingLimit", payload, now)

    assert step.payload == {}
    assert step.fact == ChargingLimitNotified(
        evse_id=2,
        timestamp=now,
        source="SO",
        grid_critical=True,
        schedule=ChargingSchedule(
            start=now,
            duration_seconds=900,
            periods=(SchedulePeriod(start_seconds=0, limit_kw=3.68), SchedulePeriod(start_seconds=60, limit_kw=6.9)),
        ),
    )


@pytest.mark.parametrize("protocol", TWO)
def test_limit_keeps_the_start_that_the_station_names(dialects, now, protocol):
    start = now + timedelta(hours=1)
    schedule = {
        "id": 1,
        "startSchedule": start.isoformat(),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0}],
    }
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [schedule]}

    fact = read(dialects, protocol, "NotifyChargingLimit", payload, now).fact

    assert (fact.evse_id, fact.schedule.start, fact.schedule.duration_seconds) == (0, start, None)


@pytest.mark.parametrize("protocol", TWO)
def test_limit_without_a_schedule_and_its_end(dialects, now, protocol):
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}}

    limited = read(dialects, protocol, "NotifyChargingLimit", payload, now).fact
    cleared = read(dialects, protocol, "ClearedChargingLimit", {"chargingLimitSource": "EMS"}, now).fact

    assert (limited.schedule, limited.cleared) == (None, False)
    assert (cleared.schedule, cleared.cleared, cleared.source) == (None, True, "EMS")


def test_limit_whose_mode_says_no_number_is_known_without_one(dialects, now):
    period = {"startPeriod": 0, "operationMode": "ExternalLimits"}
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [schedule]}

    assert read(dialects, "ocpp2.1", "NotifyChargingLimit", payload, now).fact.schedule is None


def v2x(**of_evses: tuple[str, str]) -> dict:
    """GetVariablesResponse with Enabled and SupportedOperationModes of EVSEs ``evse1``, ``evse2``…"""
    return {
        "getVariableResult": [
            {
                "attributeStatus": "Accepted",
                "attributeValue": value,
                "component": {"name": "V2XChargingCtrlr", "evse": {"id": int(evse[-1])}},
                "variable": {"name": name},
            }
            for evse, values in of_evses.items()
            for name, value in zip(("Enabled", "SupportedOperationModes"), values, strict=True)
        ]
    }


@pytest.mark.parametrize(
    ("response", "discharging"),
    [
        (v2x(evse1=("true", "ChargingOnly, CentralSetpoint")), {1}),
        (v2x(evse1=("true", "CentralSetpoint"), evse2=("true", "CentralSetpoint")), {1, 2}),
        (v2x(evse1=("false", "CentralSetpoint")), set()),
        (v2x(evse2=("true", "ChargingOnly,LocalFrequency")), set()),
        ({"getVariableResult": []}, set()),
    ],
)
def test_discharging_evses_of_21(dialects, response, discharging):
    assert dialects["ocpp2.1"].read_abilities(response, STATION).discharging_evses == discharging


BOTH_WAYS = Abilities(rate_unit=RateUnit.WATT, discharging_evses=frozenset({1}))


def profile(*limits_kw: float) -> ChargingProfile:
    return ChargingProfile(
        id=12,
        purpose=ProfilePurpose.TX,
        stack_level=0,
        evse_id=1,
        ocpp_transaction_id="42",
        schedule=ChargingSchedule(
            start=datetime(2026, 11, 22, 18, tzinfo=UTC),
            periods=tuple(SchedulePeriod(start_seconds=900 * n, limit_kw=kw) for n, kw in enumerate(limits_kw)),
        ),
    )


@given(st.lists(st.floats(min_value=-350, max_value=350), min_size=1, max_size=10), st.sampled_from(RateUnit))
def test_any_plan_fits_every_schema_and_means_the_same(dialects, limits_kw, unit):
    can = Abilities(rate_unit=unit, discharging_evses=frozenset({1}))
    for protocol in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"):
        call = dialects[protocol].call_of(SetChargingProfile(profile=profile(*limits_kw)), STATION, can)

        check_request(dialects[protocol].schemas, call.action, call.payload)
        for number, planned_kw in enumerate(limits_kw):
            told_kw = call.sent.schedule.limit_kw_at(call.sent.schedule.start + timedelta(seconds=900 * number))
            assert abs(told_kw) <= abs(planned_kw)
            # A tenth of an ampere on three phases is 69 W.
            assert told_kw == pytest.approx(planned_kw, abs=0.07)


def test_setpoint_that_is_sent_is_read_back_the_same(dialects):
    dialect = dialects["ocpp2.1"]
    call = dialect.call_of(SetChargingProfile(profile=profile(5.0, -3.0)), STATION, BOTH_WAYS)
    told = call.payload["chargingProfile"]["chargingSchedule"][0]
    response = {
        "status": "Accepted",
        "schedule": {
            "evseId": 1,
            "duration": 1800,
            "scheduleStart": told["startSchedule"],
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": told["chargingSchedulePeriod"],
        },
    }

    outcome = dialect.outcome_of(GetCompositeSchedule(evse_id=1, duration_seconds=1800), response, STATION)

    assert outcome.composite.periods == call.sent.schedule.periods


def test_needs_of_a_bidirectional_ev_tell_what_it_gives_back(dialects, now):
    payload = {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "DC_BPT",
            "v2xChargingParameters": {"maxChargePower": 11_000, "maxDischargePower": -7_000},
        },
    }

    fact = read(dialects, "ocpp2.1", "NotifyEVChargingNeeds", payload, now).fact

    assert (fact.max_kw, fact.max_discharge_kw) == (11.0, 7.0)
