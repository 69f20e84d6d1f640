"""What may be said before a boot is accepted, in both directions."""

from __future__ import annotations

import pytest

from twinev.adapters.ocpp.boot_gate import BootGate, Registration


@pytest.mark.parametrize(
    ("registration", "station_may", "may_be_told", "may_be_started"),
    [
        (Registration.ACCEPTED, True, True, True),
        (Registration.PENDING, False, True, False),
        (Registration.REJECTED, False, False, False),
    ],
)
def test_registration_decides_what_may_be_said(registration, station_may, may_be_told, may_be_started) -> None:
    gate = BootGate(registration)

    assert gate.lets_in("BootNotification")
    assert gate.lets_in("Heartbeat") is station_may
    assert gate.lets_out("GetVariables") is may_be_told
    for action in ("RemoteStartTransaction", "RequestStartTransaction", "RemoteStopTransaction"):
        assert gate.lets_out(action) is may_be_started


@pytest.mark.parametrize(
    ("asked", "payload", "comes"),
    [
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "StatusNotification"),
        ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}, "SignCertificate"),
        ("TriggerMessage", {"requestedMessage": "SignV2GCertificate"}, "SignCertificate"),
        ("GetBaseReport", {"requestId": 1}, "NotifyReport"),
        ("GetReport", {"requestId": 1}, "NotifyReport"),
    ],
)
def test_pending_station_may_send_what_it_was_asked_for(asked: str, payload: dict, comes: str) -> None:
    gate = BootGate(Registration.PENDING)
    assert not gate.lets_in(comes)

    gate.note_sent(asked, payload)

    assert gate.lets_in(comes)
    assert not gate.lets_in("Heartbeat")


def test_what_was_asked_for_is_forgotten_at_the_next_boot() -> None:
    gate = BootGate(Registration.PENDING)
    gate.note_sent("GetBaseReport", {"requestId": 1})

    gate.decide(Registration.REJECTED)
    gate.note_sent("GetBaseReport", {"requestId": 1})

    assert not gate.lets_in("NotifyReport")
