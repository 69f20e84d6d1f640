"""What stations tell of themselves becomes reports in OCPP 2.x's words; what TwinEV does not do is declined."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Tell
from twinev.adapters.ocpp.repetitions import Repetitions
from twinev.adapters.ocpp.schemas import InvalidPayload, check_request, check_response
from twinev.domain.facts import StationReported

AT = "2026-11-22T18:00:00Z"
AT_TIME = datetime(2026, 11, 22, 18, tzinfo=UTC)
ALL_2X = ("ocpp2.0.1", "ocpp2.1")
ABOUT = {"component": {"name": "Connector"}, "variable": {"name": "Problem"}}
HASHES = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "c"}
OCSP = HASHES | {"responderURL": "http://ocsp.example"}


@pytest.fixture
def read(dialects, now):
    """Read a valid message of a version, and see that its answer is one."""

    def read_message(protocol: str, action: str, payload: dict, at=now):
        dialect = dialects[protocol]
        check_request(dialect.schemas, action, payload)
        step = dialect.station_messages[action](Station(station_id="A", protocol=protocol, evse_count=2), payload, at)
        check_response(dialect.schemas, action, step.payload)
        return step

    return read_message


EVENT = {"eventId": 1, "timestamp": AT, "trigger": "Alerting", "actualValue": "true", **ABOUT}
EVENT |= {"eventNotificationType": "HardWiredNotification"}
SCHEDULE = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}]}
PROFILE = {"id": 5, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute"}
PROFILE |= {"chargingSchedule": [SCHEDULE]}
BATTERY = {"evseId": 1, "serialNumber": "B1", "soC": 80, "soH": 97}
TOKEN = {"idToken": "AB12", "type": "ISO14443"}
MESSAGES = {
    "BatterySwap": {"batteryData": [BATTERY], "eventType": "BatteryIn", "idToken": TOKEN, "requestId": 7},
    "FirmwareStatusNotification": {"status": "Installed", "requestId": 7},
    "LogStatusNotification": {"status": "Uploaded", "requestId": 7},
    "NotifyDERAlarm": {"controlType": "FreqDroop", "timestamp": AT},
    "NotifyDERStartStop": {"controlId": "c1", "started": True, "timestamp": AT},
    "NotifyDisplayMessages": {"requestId": 7, "tbc": True},
    "NotifyEVChargingSchedule": {"timeBase": AT, "evseId": 2, "chargingSchedule": SCHEDULE},
    "NotifyEvent": {"generatedAt": AT, "seqNo": 0, "eventData": [EVENT]},
    "NotifyMonitoringReport": {"requestId": 7, "seqNo": 0, "generatedAt": AT},
    "NotifyPriorityCharging": {"transactionId": "T", "activated": True},
    "NotifyReport": {"requestId": 7, "seqNo": 3, "generatedAt": AT, "tbc": True},
    "NotifySettlement": {"pspRef": "p", "status": "Settled", "settlementAmount": 12.5, "settlementTime": AT},
    "PublishFirmwareStatusNotification": {"status": "Published", "location": ["http://local/f"], "requestId": 7},
    "ReportChargingProfiles": {
        "requestId": 7,
        "chargingLimitSource": "CSO",
        "evseId": 2,
        "chargingProfile": [PROFILE],
    },
    "ReportDERControl": {"requestId": 7},
    "ReservationStatusUpdate": {"reservationId": 9, "reservationUpdateStatus": "Expired"},
    "SecurityEventNotification": {"type": "TamperDetectionActivated", "timestamp": AT},
}


@pytest.mark.parametrize("protocol", ALL_2X)
@pytest.mark.parametrize("action", sorted(MESSAGES))
def test_report_of_2x_is_kept_whole_with_its_time(read, dialects, now, protocol: str, action: str) -> None:
    if action not in dialects[protocol].known_actions:
        assert protocol == "ocpp2.0.1"
        return
    payload = MESSAGES[action]

    step = read(protocol, action, payload)

    has_time = {"timestamp", "generatedAt", "timeBase", "settlementTime"} & set(payload)
    assert step.fact == StationReported(
        report=action,
        timestamp=AT_TIME if has_time else now,
        evse_id=payload.get("evseId"),
        request_id=payload.get("requestId"),
        seq_no=payload.get("seqNo"),
        to_be_continued=payload.get("tbc", False),
        content=payload,
    )


@pytest.mark.parametrize(
    ("action", "payload", "report", "content"),
    [
        ("FirmwareStatusNotification", {"status": "Installed"}, "FirmwareStatusNotification", {"status": "Installed"}),
        (
            "DiagnosticsStatusNotification",
            {"status": "UploadFailed"},
            "LogStatusNotification",
            {"status": "UploadFailure"},
        ),
        ("DiagnosticsStatusNotification", {"status": "Uploaded"}, "LogStatusNotification", {"status": "Uploaded"}),
        (
            "SignedFirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 7},
            "FirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 7},
        ),
        (
            "LogStatusNotification",
            {"status": "Idle"},
            "LogStatusNotification",
            {"status": "Idle"},
        ),
    ],
)
def test_report_of_16_is_kept_in_201_s_words(read, action: str, payload: dict, report: str, content: dict) -> None:
    fact = read("ocpp1.6", action, payload).fact

    assert (fact.report, fact.content) == (report, content)
    assert fact.request_id == payload.get("requestId")


def test_two_reports_of_one_second_have_keys_of_their_own(read) -> None:
    other = MESSAGES["NotifyEvent"] | {"eventData": [EVENT | {"eventId": 2}]}

    first, again, second = (
        read("ocpp2.0.1", "NotifyEvent", payload)
        for payload in (MESSAGES["NotifyEvent"], MESSAGES["NotifyEvent"], other)
    )

    assert first.key == again.key != second.key


def test_number_that_no_station_may_say_is_refused(read) -> None:
    with pytest.raises(InvalidPayload, match="requestId"):
        read("ocpp2.0.1", "NotifyReport", MESSAGES["NotifyReport"] | {"requestId": 2**31})


@pytest.mark.parametrize("protocol", ["ocpp1.6", *ALL_2X])
def test_status_without_a_time_that_is_sent_again_is_the_one_that_was_first_heard(read, now, protocol: str) -> None:
    repetitions = Repetitions()

    def settled(status: str, seconds: int) -> Tell:
        step = read(protocol, "FirmwareStatusNotification", {"status": status}, now + timedelta(seconds=seconds))
        return repetitions.settle("A", step)

    first, again = settled("Downloading", 0), settled("Downloading", 30)
    failed, second_try = settled("DownloadFailed", 40), settled("Downloading", 50)

    assert again == first
    assert len({first.key, failed.key, second_try.key}) == 3
    assert second_try.fact == replace(first.fact, timestamp=now + timedelta(seconds=50))


UNSUPPORTED = {"reasonCode": "UnsupportedRequest", "additionalInfo": "TwinEV does not offer this"}
STREAM = {"constantStreamData": {"id": 1, "params": {}, "variableMonitoringId": 2}}
CHAIN = {"certificateHashData": HASHES, "source": "OCSP", "urls": ["http://ocsp.example"]}


@pytest.mark.parametrize(
    ("protocols", "action", "payload", "answer"),
    [
        (("ocpp1.6",), "SignCertificate", {"csr": "x"}, {"status": "Rejected"}),
        (ALL_2X, "SignCertificate", {"csr": "x"}, {"status": "Rejected", "statusInfo": UNSUPPORTED}),
        (
            ALL_2X,
            "Get15118EVCertificate",
            {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "x"},
            {"status": "Failed", "statusInfo": UNSUPPORTED, "exiResponse": ""},
        ),
        (ALL_2X, "GetCertificateStatus", {"ocspRequestData": OCSP}, {"status": "Failed", "statusInfo": UNSUPPORTED}),
        (
            ALL_2X,
            "NotifyCustomerInformation",
            {"data": "Jo", "seqNo": 0, "generatedAt": AT, "requestId": 1},
            {},
        ),
        (("ocpp2.1",), "OpenPeriodicEventStream", STREAM, {"status": "Rejected", "statusInfo": UNSUPPORTED}),
        (("ocpp2.1",), "ClosePeriodicEventStream", {"id": 1}, {}),
        (("ocpp2.1",), "NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}, {}),
        (
            ("ocpp2.1",),
            "PullDynamicScheduleUpdate",
            {"chargingProfileId": 1},
            {"status": "Rejected", "statusInfo": UNSUPPORTED},
        ),
        (
            ("ocpp2.1",),
            "VatNumberValidation",
            {"vatNumber": "NL1", "evseId": 2},
            {"vatNumber": "NL1", "evseId": 2, "status": "Rejected", "statusInfo": UNSUPPORTED},
        ),
        (
            ("ocpp2.1",),
            "GetCertificateChainStatus",
            {"certificateStatusRequests": [CHAIN]},
            {
                "certificateStatus": [
                    {
                        "certificateHashData": HASHES,
                        "source": "OCSP",
                        "status": "Failed",
                        "nextUpdate": "2026-11-23T18:00:05.000Z",
                    }
                ]
            },
        ),
    ],
)
def test_what_twinev_does_not_do_is_declined_in_the_message_s_own_words(
    read, protocols: tuple[str, ...], action: str, payload: dict, answer: dict
) -> None:
    for protocol in protocols:
        assert read(protocol, action, payload) == AnswerNow(payload=answer)
