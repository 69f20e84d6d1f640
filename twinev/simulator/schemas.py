"""Checks what the CSMS says against the JSON schemas of the ``ocpp`` package, each compiled once per process."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

# The folder of each version's schemas, and how the file of a CALL's payload ends.
_FOLDERS = {"1.6": ("v16", ".json"), "2.0.1": ("v201", "Request.json"), "2.1": ("v21", "Request.json")}


def fault_of_call(version: str, action: str, payload: Any) -> str | None:
    """What is wrong with a CALL's payload; None when nothing is, or when the version does not know the action."""
    return _fault(_validator(version, action + _FOLDERS[version][1]), payload)


def fault_of_result(version: str, action: str, payload: Any) -> str | None:
    """What is wrong with a CALLRESULT's payload."""
    return _fault(_validator(version, f"{action}Response.json"), payload)


def _fault(validator: jsonschema_rs.Validator | None, payload: Any) -> str | None:
    if validator is None or validator.is_valid(payload):
        return None
    return next(iter(validator.iter_errors(payload))).message


@cache
def _validator(version: str, file_name: str) -> jsonschema_rs.Validator | None:
    # An action is a name, whatever the CSMS sends in its place.
    file = files(f"ocpp.{_FOLDERS[version][0]}").joinpath("schemas", file_name.replace("/", ""))
    if not file.is_file():
        return None
    return jsonschema_rs.validator_for(json.loads(file.read_text(encoding="utf-8-sig")), validate_formats=True)
