"""OCPP 2.1: what stations tell of themselves; 2.0.1's reports, and those on the grid, payments and batteries."""

from __future__ import annotations

from collections.abc import Mapping

from twinev.adapters.ocpp.mapping import v201
from twinev.adapters.ocpp.mapping.reports import ReadMessage, report_reader

REPORTS: Mapping[str, ReadMessage] = {
    **v201.REPORTS,
    "BatterySwap": report_reader("BatterySwap"),
    "NotifyDERAlarm": report_reader("NotifyDERAlarm", time_field="timestamp"),
    "NotifyDERStartStop": report_reader("NotifyDERStartStop", time_field="timestamp"),
    "NotifyPriorityCharging": report_reader("NotifyPriorityCharging"),
    "NotifySettlement": report_reader("NotifySettlement", time_field="settlementTime"),
    "ReportDERControl": report_reader("ReportDERControl"),
}
