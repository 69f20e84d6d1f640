"""What stations tell beside charging, over a real socket: kept as reports, declined by a status, or passed over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from ocpp_behaviours import behaviour

from twinev.domain.facts import StationReported

AT = "2026-11-22T17:00:00Z"
V2X = ("ocpp2.0.1", "ocpp2.1")
EVENT = {
    "eventId": 1,
    "timestamp": AT,
    "trigger": "Alerting",
    "actualValue": "true",
    "eventNotificationType": "HardWiredNotification",
    "component": {"name": "Connector"},
    "variable": {"name": "Problem"},
}
HASHES = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "c"}


def in_session(bench, protocol: str, script):
    """Run ``script(station)`` with a station that has booted."""

    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            return await script(station)

    return asyncio.run(scenario())


def asked(bench, protocol: str, *messages: tuple[str, dict]) -> list[list]:
    """The frames that answer the messages, one after the other."""

    async def script(station):
        return [await station.ask(action, payload) for action, payload in messages]

    return in_session(bench, protocol, script)


def reports(bench) -> list[StationReported]:
    return [fact.fact for fact in bench.facts.of("StationReported")]


@behaviour(
    "M01",
    "The state of a firmware update is stored before it is confirmed",
    source="1.6 ed. 2 §4.5; 2.0.1 part 2, L01",
)
def test_firmware_status_is_durable_before_it_is_confirmed(bench, protocol: str) -> None:
    async def script(station):
        bench.facts.release.clear()
        await station.send([2, "m", "FirmwareStatusNotification", {"status": "Installed"}])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(station.socket.recv(), 0.3)
        bench.facts.release.set()
        return await station.receive()

    assert in_session(bench, protocol, script) == [3, "m", {}]
    (report,) = reports(bench)
    assert (report.report, report.content) == ("FirmwareStatusNotification", {"status": "Installed"})


@behaviour(
    "M02",
    "A report that cannot be stored is answered InternalError, and taken when it comes again",
    source="OCPP-J 1.6 §4.2.3; 2.0.1 part 4 §4.3",
)
def test_report_that_is_not_durable_is_not_confirmed(bench, protocol: str) -> None:
    message = ("FirmwareStatusNotification", {"status": "Installed"})

    async def script(station):
        bench.facts.away = True
        refused = await station.ask(*message)
        bench.facts.away = False
        return refused, await station.ask(*message)

    refused, confirmed = in_session(bench, protocol, script)

    assert (refused[0], refused[2]) == (4, "InternalError")
    assert (confirmed[0], confirmed[2]) == (3, {})
    assert len(reports(bench)) == 1


@behaviour(
    "M03",
    "A state without a time that is sent again is the same report; the same state after another one is a new report",
    source="1.6 ed. 2 §4.5; 2.0.1 part 2, L01",
)
def test_state_that_is_sent_again_has_the_same_key(bench, protocol: str) -> None:
    began = bench.clock.instant

    async def script(station):
        for state in ("Downloading", "Downloading", "DownloadFailed", "Downloading"):
            await station.ask("FirmwareStatusNotification", {"status": state})
            bench.clock.instant += timedelta(seconds=30)

    in_session(bench, protocol, script)

    first, again, failed, second_try = bench.facts.of("StationReported")
    assert (again.key, again.fact) == (first.key, first.fact)
    assert len({first.key, failed.key, second_try.key}) == 3
    assert second_try.fact.timestamp == began + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("said", "kept"), [("Uploading", "Uploading"), ("UploadFailed", "UploadFailure"), ("Uploaded", "Uploaded")]
)
@behaviour(
    "M04",
    "The state of an upload of logs is kept, whichever of its two names the message has",
    source="1.6 ed. 2 §4.4; 2.0.1 part 2, N01",
)
def test_log_status_is_kept_in_201_s_words(bench, protocol: str, said: str, kept: str) -> None:
    is_16 = protocol == "ocpp1.6"
    message = (
        ("DiagnosticsStatusNotification", {"status": said}) if is_16 else ("LogStatusNotification", {"status": kept})
    )

    ((kind, _, answer),) = asked(bench, protocol, message)

    assert (kind, answer) == (3, {})
    assert [(report.report, report.content) for report in reports(bench)] == [
        ("LogStatusNotification", {"status": kept})
    ]


@behaviour(
    "M05",
    "A security event is kept with the time at which it happened",
    source="security whitepaper ed. 2, SecurityEventNotification; 2.0.1 part 2, A04",
)
def test_security_event_keeps_its_time(bench, protocol: str) -> None:
    payload = {"type": "TamperDetectionActivated", "timestamp": AT, "techInfo": "door 2"}

    ((kind, _, answer),) = asked(bench, protocol, ("SecurityEventNotification", payload))

    assert (kind, answer) == (3, {})
    (report,) = reports(bench)
    assert (report.timestamp.hour, report.content) == (17, payload)


@behaviour(
    "M06",
    "The parts of a report of the device model are kept in their order, with the number of their request",
    source="2.0.1 part 2, B07 and B08",
    protocols=V2X,
)
def test_parts_of_a_base_report_are_kept_in_order(bench, protocol: str) -> None:
    parts = [{"requestId": 7, "generatedAt": AT, "seqNo": number, "tbc": number < 2} for number in range(3)]

    asked(bench, protocol, *(("NotifyReport", part) for part in parts))

    told = [(report.request_id, report.seq_no, report.to_be_continued) for report in reports(bench)]
    assert told == [(7, 0, True), (7, 1, True), (7, 2, False)]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [EVENT]}),
        ("NotifyMonitoringReport", {"requestId": 7, "seqNo": 0, "generatedAt": AT}),
    ],
)
@behaviour(
    "M07",
    "Events of a station's components, and what is monitored, are kept whole",
    source="2.0.1 part 2, N02 and N07",
    protocols=V2X,
)
def test_events_of_components_are_kept_whole(bench, protocol: str, action: str, payload: dict) -> None:
    ((kind, _, answer),) = asked(bench, protocol, (action, payload))

    assert (kind, answer) == (3, {})
    assert [(report.report, report.content) for report in reports(bench)] == [(action, payload)]


@pytest.mark.parametrize("status", ["Expired", "Removed"])
@behaviour("M08", "The end of a reservation that nobody used is kept", source="2.0.1 part 2, H04", protocols=V2X)
def test_end_of_a_reservation_is_kept(bench, protocol: str, status: str) -> None:
    payload = {"reservationId": 9, "reservationUpdateStatus": status}

    asked(bench, protocol, ("ReservationStatusUpdate", payload))

    assert [report.content for report in reports(bench)] == [payload]


@behaviour(
    "M09",
    "A certificate to be signed is refused by the status Rejected, for TwinEV is no certificate authority",
    source="security whitepaper ed. 2, SignCertificate; 2.0.1 part 2, A02",
)
def test_certificate_to_be_signed_is_rejected(bench, protocol: str) -> None:
    ((kind, _, answer),) = asked(bench, protocol, ("SignCertificate", {"csr": "-----BEGIN CERTIFICATE REQUEST-----"}))

    assert (kind, answer["status"]) == (3, "Rejected")
    assert protocol == "ocpp1.6" or answer["statusInfo"]["reasonCode"] == "UnsupportedRequest"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (
            "Get15118EVCertificate",
            {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJlw"},
        ),
        ("GetCertificateStatus", {"ocspRequestData": HASHES | {"responderURL": "http://ocsp.example"}}),
    ],
)
@behaviour(
    "M10",
    "Certificates of EVs, and whether they are good, are answered by the status Failed",
    source="2.0.1 part 2, M01 and M06",
    protocols=V2X,
)
def test_certificates_of_evs_are_failed(bench, protocol: str, action: str, payload: dict) -> None:
    ((kind, _, answer),) = asked(bench, protocol, (action, payload))

    assert (kind, answer["status"]) == (3, "Failed")
    assert reports(bench) == []


@behaviour(
    "M11",
    "What a station tells about a customer is confirmed and not kept",
    source="2.0.1 part 2, N09",
    protocols=V2X,
)
def test_information_about_a_customer_is_not_kept(bench, protocol: str) -> None:
    payload = {"data": "Jo, 1 Main Street", "seqNo": 0, "generatedAt": AT, "requestId": 1}

    ((kind, _, answer),) = asked(bench, protocol, ("NotifyCustomerInformation", payload))

    assert (kind, answer) == (3, {})
    assert "Jo" not in str(bench.facts.published)


@behaviour(
    "M12",
    "A DataTransfer of a vendor that is not known is answered UnknownVendorId",
    source="1.6 ed. 2 §4.3; 2.0.1 part 2, P02",
)
def test_data_of_an_unknown_vendor_is_said_to_be(bench, protocol: str) -> None:
    ((kind, _, answer),) = asked(bench, protocol, ("DataTransfer", {"vendorId": "org.acme", "data": "x"}))

    assert (kind, answer) == (3, {"status": "UnknownVendorId"})


@behaviour(
    "M13",
    "A DataTransfer of a known vendor with a message that is not known is answered UnknownMessageId",
    source="1.6 ed. 2 §4.3",
    protocols=("ocpp1.6",),
)
def test_unknown_message_of_a_known_vendor_is_said_to_be(bench, protocol: str) -> None:
    ((kind, _, answer),) = asked(bench, protocol, ("DataTransfer", {"vendorId": "twinev", "messageId": "Colour"}))

    assert (kind, answer) == (3, {"status": "UnknownMessageId"})


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("NotifyDERAlarm", {"controlType": "FreqDroop", "timestamp": AT, "gridEventFault": "OverFrequency"}),
        ("NotifyDERStartStop", {"controlId": "c1", "started": True, "timestamp": AT}),
        ("NotifyPriorityCharging", {"transactionId": "T", "activated": True}),
    ],
)
@behaviour(
    "M14",
    "Alarms and starts of grid controls, and priority charging, are kept",
    source="2.1 part 2, functional blocks R and K",
    protocols=("ocpp2.1",),
)
def test_alarms_of_grid_controls_are_kept(bench, protocol: str, action: str, payload: dict) -> None:
    ((kind, _, answer),) = asked(bench, protocol, (action, payload))

    assert (kind, answer) == (3, {})
    assert [(report.report, report.content) for report in reports(bench)] == [(action, payload)]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("OpenPeriodicEventStream", {"constantStreamData": {"id": 1, "params": {}, "variableMonitoringId": 2}}),
        ("PullDynamicScheduleUpdate", {"chargingProfileId": 1}),
        ("VatNumberValidation", {"vatNumber": "NL001"}),
    ],
)
@behaviour(
    "M15",
    "Event streams, dynamic schedules and tax numbers, which TwinEV does not offer, are refused by the status Rejected",
    source="2.1 part 2, functional blocks N, K and I",
    protocols=("ocpp2.1",),
)
def test_what_is_not_offered_is_rejected(bench, protocol: str, action: str, payload: dict) -> None:
    ((kind, _, answer),) = asked(bench, protocol, (action, payload))

    assert (kind, answer["status"]) == (3, "Rejected")
    assert answer["statusInfo"]["reasonCode"] == "UnsupportedRequest"
