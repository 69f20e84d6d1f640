"""What a station answered beside its status, to read: its configuration as a table, all else as it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinev.ui import charge_points_texts as texts
from twinev.ui.fact_list import Markup, json_html, table_html


def response_html(response: Mapping[str, Any]) -> Markup:
    """The answer in OCPP 2.x's words, whatever the station speaks."""
    results = response.get("getVariableResult") or response.get("setVariableResult")
    if not isinstance(results, list):
        return json_html(response, name=texts.COMMAND_ANSWERED)
    rows = [_variable(result) for result in results if isinstance(result, dict)]
    return table_html(texts.CONFIGURATION_COLUMNS, rows, caption=texts.COMMAND_ANSWERED)


def _variable(result: Mapping[str, Any]) -> tuple[object, ...]:
    component, variable = result.get("component") or {}, result.get("variable") or {}
    return (
        component.get("name", texts.UNKNOWN),
        variable.get("name", texts.UNKNOWN),
        result.get("attributeValue", texts.UNKNOWN),
        result.get("attributeStatus", texts.UNKNOWN),
    )
