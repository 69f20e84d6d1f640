"""Validates payloads against the JSON schemas that come with the `ocpp` package, compiled once per process."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

_REQUEST_SUFFIX = {"v16": ".json", "v201": "Request.json", "v21": "Request.json"}
_RESPONSE_SUFFIX = "Response.json"


class InvalidPayload(Exception):
    """A payload that its schema refuses: ``rule`` is the JSON-schema keyword that it breaks."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


@cache
def known_actions(version: str) -> frozenset[str]:
    """Every action of the version (``v16``, ``v201``, ``v21``), whoever sends it."""
    names = {file.name for file in files(f"ocpp.{version}").joinpath("schemas").iterdir()}
    return frozenset(
        name.removesuffix(_RESPONSE_SUFFIX)
        for name in names
        if name.endswith(_RESPONSE_SUFFIX) and name.removesuffix(_RESPONSE_SUFFIX) + _REQUEST_SUFFIX[version] in names
    )


def check_request(version: str, action: str, payload: Any) -> None:
    """Raise `InvalidPayload` with the first fault of a CALL's payload."""
    _check(_validator(version, action + _REQUEST_SUFFIX[version]), payload)


def check_response(version: str, action: str, payload: Any) -> None:
    """Raise `InvalidPayload` with the first fault of a CALLRESULT's payload."""
    _check(_validator(version, action + _RESPONSE_SUFFIX), payload)


def _check(validator: jsonschema_rs.Validator, payload: Any) -> None:
    if validator.is_valid(payload):
        return
    error = next(iter(validator.iter_errors(payload)))
    where = ".".join(str(step) for step in error.instance_path) or "payload"
    raise InvalidPayload(error.kind.name, f"{where}: {error.message}")


@cache
def _validator(version: str, file_name: str) -> jsonschema_rs.Validator:
    schema = files(f"ocpp.{version}").joinpath("schemas", file_name).read_text(encoding="utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(schema), validate_formats=True)
