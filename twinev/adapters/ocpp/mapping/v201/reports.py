"""OCPP 2.0.1: what stations tell of themselves beside charging, each kept as it was said."""

from __future__ import annotations

from collections.abc import Mapping

from twinev.adapters.ocpp.mapping.reports import ReadMessage, report_reader

#: Where each message says its time; None where it has none.
_TIMES = {
    "FirmwareStatusNotification": None,
    "LogStatusNotification": None,
    "NotifyDisplayMessages": None,
    "NotifyEvent": "generatedAt",
    "NotifyMonitoringReport": "generatedAt",
    "NotifyReport": "generatedAt",
    "PublishFirmwareStatusNotification": None,
    "ReportChargingProfiles": None,
    "ReservationStatusUpdate": None,
    "SecurityEventNotification": "timestamp",
}

REPORTS: Mapping[str, ReadMessage] = {
    **{report: report_reader(report, time_field=field) for report, field in _TIMES.items()},
    # Which profile the EV chose within ours: it stays below it, so nothing is wrong with it.
    "NotifyEVChargingSchedule": report_reader(
        "NotifyEVChargingSchedule", time_field="timeBase", answer={"status": "Accepted"}
    ),
}
