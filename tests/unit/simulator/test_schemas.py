"""The simulator notices a CSMS that does not speak OCPP."""

from __future__ import annotations

import pytest

from twinev.simulator.schemas import fault_of_call, fault_of_result

TRIGGER = {"requestedMessage": "Heartbeat"}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_call_is_checked_by_the_schema_of_its_version(version):
    assert fault_of_call(version, "TriggerMessage", TRIGGER) is None
    assert "Sneeze" in fault_of_call(version, "TriggerMessage", {"requestedMessage": "Sneeze"})
    assert "requestedMessage" in fault_of_call(version, "TriggerMessage", {})


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_result_is_checked_by_the_schema_of_its_version(version):
    assert fault_of_result(version, "Heartbeat", {"currentTime": "2026-11-23T12:00:00Z"}) is None
    assert "currentTime" in fault_of_result(version, "Heartbeat", {})


def test_limit_in_tenths_is_no_fault_for_being_a_binary_fraction():
    period = {"startPeriod": 0, "limit": 15.9}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    call = {"connectorId": 1, "csChargingProfiles": profile}
    assert fault_of_call("1.6", "SetChargingProfile", call) is None
    period["limit"] = 15.95
    assert fault_of_call("1.6", "SetChargingProfile", call) is not None


@pytest.mark.parametrize("action", ["Sneeze", "../schemas/Reset", ""])
def test_action_that_the_version_does_not_have_is_left_to_its_name(action):
    assert fault_of_call("2.1", action, {}) is None
