"""OCPP 1.6: what stations tell of firmware, logs and security; the last three came with the security extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinev.adapters.ocpp.mapping.reports import ReadMessage, report_reader


def _log_status(payload: dict[str, Any]) -> dict[str, Any]:
    """2.0.1 speaks of logs in general, and of an UploadFailure."""
    status = payload["status"]
    return payload | {"status": "UploadFailure" if status == "UploadFailed" else status}


REPORTS: Mapping[str, ReadMessage] = {
    "FirmwareStatusNotification": report_reader("FirmwareStatusNotification"),
    "DiagnosticsStatusNotification": report_reader("LogStatusNotification", in_201=_log_status),
    "LogStatusNotification": report_reader("LogStatusNotification"),
    "SignedFirmwareStatusNotification": report_reader("FirmwareStatusNotification"),
    "SecurityEventNotification": report_reader("SecurityEventNotification", time_field="timestamp"),
}
