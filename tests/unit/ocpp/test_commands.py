"""Commands in both versions: what goes out fits its schema and means the same; what comes back is understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.v16 import read_abilities as read_abilities_16
from twinev.adapters.ocpp.mapping.v16.commands import call_of as call_of_16
from twinev.adapters.ocpp.mapping.v201 import read_abilities as read_abilities_201
from twinev.adapters.ocpp.mapping.v201.commands import call_of as call_of_201
from twinev.adapters.ocpp.schemas import check_request
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import (
    ClearChargingProfile,
    CompositeSchedule,
    GetCompositeSchedule,
    RequestStartTransaction,
    RequestStopTransaction,
    SetChargingProfile,
)
from twinev.errors import BadInput

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
AMPERES = Abilities(rate_unit=RateUnit.AMPERE)
STATION = Station(station_id="CP", protocol="ocpp1.6")


def profile(purpose: ProfilePurpose = ProfilePurpose.TX, *, limits: tuple[float, ...] = (11.0, 3.0)) -> ChargingProfile:
    return ChargingProfile(
        id=5,
        purpose=purpose,
        stack_level=1,
        evse_id=0 if purpose is ProfilePurpose.STATION_MAX else 1,
        ocpp_transaction_id="42" if purpose is ProfilePurpose.TX else None,
        schedule=ChargingSchedule(
            start=START,
            periods=tuple(SchedulePeriod(start_seconds=900 * i, limit_kw=kw) for i, kw in enumerate(limits)),
            duration_seconds=3600,
        ),
    )


def test_set_profile_of_16_in_amperes(dialects) -> None:
    call = dialects["ocpp1.6"].call_of(SetChargingProfile(profile=profile()), STATION, AMPERES)

    assert call.action == "SetChargingProfile"
    assert call.payload == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 5,
            "transactionId": 42,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "startSchedule": "2026-11-22T18:00:00Z",
                "duration": 3600,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 15.9, "numberPhases": 3},
                    {"startPeriod": 900, "limit": 4.3, "numberPhases": 3},
                ],
            },
        },
    }
    assert [period.limit_kw for period in call.sent.schedule.periods] == [10.971, 2.967]


def test_set_profile_of_201_in_watts(dialects) -> None:
    call = dialects["ocpp2.0.1"].call_of(SetChargingProfile(profile=profile()), STATION, Abilities())

    assert call.payload == {
        "evseId": 1,
        "chargingProfile": {
            "id": 5,
            "transactionId": "42",
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": 5,
                    "startSchedule": "2026-11-22T18:00:00Z",
                    "duration": 3600,
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "limit": 11000},
                        {"startPeriod": 900, "limit": 3000},
                    ],
                }
            ],
        },
    }
    assert call.sent == profile()


@pytest.mark.parametrize(
    ("protocol", "name"), [("ocpp1.6", "ChargePointMaxProfile"), ("ocpp2.0.1", "ChargingStationMaxProfile")]
)
def test_station_s_maximum_has_its_version_s_name(dialects, protocol: str, name: str) -> None:
    set_it = SetChargingProfile(profile=profile(ProfilePurpose.STATION_MAX))
    clear_it = ClearChargingProfile(purpose=ProfilePurpose.STATION_MAX.value)

    assert name in str(dialects[protocol].call_of(set_it, STATION, Abilities()).payload)
    assert name in str(dialects[protocol].call_of(clear_it, STATION, Abilities()).payload)


COMMANDS = [
    SetChargingProfile(profile=profile()),
    SetChargingProfile(profile=profile(ProfilePurpose.TX_DEFAULT)),
    SetChargingProfile(profile=profile(ProfilePurpose.STATION_MAX)),
    ClearChargingProfile(),
    ClearChargingProfile(profile_id=5),
    ClearChargingProfile(evse_id=1, purpose="TxProfile", stack_level=0),
    GetCompositeSchedule(evse_id=1, duration_seconds=86400),
    RequestStartTransaction(evse_id=1, id_token="AB12", remote_start_id=7),
    RequestStartTransaction(evse_id=1, id_token="AB12", remote_start_id=7, profile=profile()),
    RequestStopTransaction(ocpp_transaction_id="42"),
]


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.action)
def test_commands_fit_their_schemas(dialects, protocol: str, command) -> None:
    call = dialects[protocol].call_of(command, STATION, AMPERES)

    check_request(dialects[protocol].schemas, call.action, call.payload)


@given(st.lists(st.floats(min_value=0, max_value=350), min_size=1, max_size=20), st.sampled_from(RateUnit))
def test_any_limits_fit_the_schemas(limits: list[float], unit: RateUnit) -> None:
    command = SetChargingProfile(profile=profile(limits=tuple(limits)))
    can = Abilities(rate_unit=unit)

    check_request("v16", "SetChargingProfile", call_of_16(command, STATION, can).payload)
    check_request("v201", "SetChargingProfile", call_of_201(command, STATION, can).payload)


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_remote_start_s_profile_names_no_transaction(dialects, protocol: str) -> None:
    command = RequestStartTransaction(evse_id=1, id_token="AB12", remote_start_id=7, profile=profile())

    call = dialects[protocol].call_of(command, STATION, AMPERES)

    assert "transactionId" not in call.payload["chargingProfile"]
    assert call.sent is not None


def test_transaction_that_16_cannot_count_is_bad_input(dialects) -> None:
    with pytest.raises(BadInput, match="whole number"):
        dialects["ocpp1.6"].call_of(RequestStopTransaction(ocpp_transaction_id="tx-1"), STATION, Abilities())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Accepted", "accepted"), ("Rejected", "rejected"), ("NotSupported", "not_supported"), ("Unknown", "rejected")],
)
def test_status_of_a_station_becomes_an_outcome(dialects, status: str, outcome: str) -> None:
    result = dialects["ocpp1.6"].outcome_of(SetChargingProfile(profile=profile()), {"status": status}, STATION)

    assert (result.outcome, result.status) == (outcome, status)


ASK = GetCompositeSchedule(evse_id=1, duration_seconds=3600)
PERIODS = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 900, "limit": 10.0, "numberPhases": 1}]
EXPECTED = CompositeSchedule(
    evse_id=1,
    start=START,
    duration_seconds=3600,
    periods=(SchedulePeriod(start_seconds=0, limit_kw=11.04), SchedulePeriod(start_seconds=900, limit_kw=2.3)),
)


def test_composite_schedule_of_16_comes_back_in_kw(dialects) -> None:
    response = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2026-11-22T18:00:00Z",
        "chargingSchedule": {"duration": 3600, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
    }

    assert dialects["ocpp1.6"].outcome_of(ASK, response, STATION).composite == EXPECTED


def test_composite_schedule_of_201_comes_back_in_kw(dialects) -> None:
    schedule = {
        "evseId": 1,
        "duration": 3600,
        "scheduleStart": "2026-11-22T18:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": PERIODS,
    }

    result = dialects["ocpp2.0.1"].outcome_of(ASK, {"status": "Accepted", "schedule": schedule}, STATION)

    assert result.composite == EXPECTED


def configuration(**values: str) -> dict:
    return {"configurationKey": [{"key": key, "readonly": True, "value": value} for key, value in values.items()]}


def variables(**values: str) -> dict:
    return {
        "getVariableResult": [
            {
                "attributeStatus": "Accepted",
                "attributeValue": value,
                "component": {"name": "SmartChargingCtrlr"},
                "variable": {"name": name},
            }
            for name, value in values.items()
        ]
    }


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (
            configuration(
                ChargingScheduleAllowedChargingRateUnit="Current",
                ChargingScheduleMaxPeriods="6",
                ChargeProfileMaxStackLevel="0",
            ),
            Abilities(rate_unit=RateUnit.AMPERE, max_periods=6, max_stack_level=0),
        ),
        (configuration(ChargingScheduleAllowedChargingRateUnit="Current,Power"), Abilities()),
        (configuration(ChargingScheduleMaxPeriods="0"), Abilities()),
        (configuration(ChargingScheduleMaxPeriods="many"), Abilities()),
        ({"unknownKey": ["ChargingScheduleMaxPeriods"]}, Abilities()),
    ],
)
def test_abilities_of_16(response: dict, expected: Abilities) -> None:
    assert read_abilities_16(response, STATION) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (variables(RateUnit="A", PeriodsPerSchedule="24"), Abilities(rate_unit=RateUnit.AMPERE, max_periods=24)),
        (variables(RateUnit="W,A", ProfileStackLevel="3"), Abilities(max_stack_level=3)),
        ({"getVariableResult": []}, Abilities()),
    ],
)
def test_abilities_of_201(response: dict, expected: Abilities) -> None:
    assert read_abilities_201(response, STATION) == expected


def test_abilities_calls_fit_their_schemas(dialects) -> None:
    for dialect in dialects.values():
        check_request(dialect.schemas, *dialect.abilities_call(STATION))
