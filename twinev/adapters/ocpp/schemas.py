"""Validates payloads against the JSON schemas that come with the `ocpp` package, compiled once per process."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs

_REQUEST_SUFFIX = {"v16": ".json", "v201": "Request.json", "v21": "Request.json"}
_RESPONSE_SUFFIX = "Response.json"
_SEND_SUFFIX = ".json"

# OCPP 2.x part 2, primitive datatypes: an integer has 32 bits. 1.6 says nothing, and none of its numbers needs more.
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**31), 2**31 - 1


class InvalidPayload(Exception):
    """A payload that its schema refuses; ``rule`` is the JSON-schema keyword, ``whole`` if not broken by one field."""

    def __init__(self, rule: str, message: str, *, whole: bool) -> None:
        self.rule = rule
        self.whole = whole
        super().__init__(message)


@cache
def known_actions(version: str) -> frozenset[str]:
    """Every action of the version (``v16``, ``v201``, ``v21``) that has an answer, whoever sends it."""
    names = _schema_names(version)
    return frozenset(
        name.removesuffix(_RESPONSE_SUFFIX)
        for name in names
        if name.endswith(_RESPONSE_SUFFIX) and name.removesuffix(_RESPONSE_SUFFIX) + _REQUEST_SUFFIX[version] in names
    )


@cache
def known_sends(version: str) -> frozenset[str]:
    """Every action of the version that has none (OCPP 2.1's SEND)."""
    told = {name.removesuffix(_SEND_SUFFIX) for name in _schema_names(version) if name.endswith(_SEND_SUFFIX)}
    answered = {action + suffix for action in known_actions(version) for suffix in ("", "Request", "Response")}
    return frozenset(told - answered)


def check_request(version: str, action: str, payload: Any) -> None:
    """Raise `InvalidPayload` with the first fault of a CALL's payload."""
    _check(_validator(version, action + _REQUEST_SUFFIX[version]), payload)


def check_response(version: str, action: str, payload: Any) -> None:
    """Raise `InvalidPayload` with the first fault of a CALLRESULT's payload."""
    _check(_validator(version, action + _RESPONSE_SUFFIX), payload)


def check_send(version: str, action: str, payload: Any) -> None:
    """Raise `InvalidPayload` with the first fault of a SEND's payload."""
    _check(_validator(version, action + _SEND_SUFFIX), payload)


def _check(validator: jsonschema_rs.Draft4Validator, payload: Any) -> None:
    if validator.is_valid(payload):
        return
    error = next(iter(validator.iter_errors(payload)))
    where = ".".join(str(step) for step in error.instance_path)
    raise InvalidPayload(error.kind.name, f"{where or 'payload'}: {error.message}", whole=not where)


@cache
def _validator(version: str, file_name: str) -> jsonschema_rs.Draft4Validator:
    schema = json.loads(_folder(version).joinpath(file_name).read_text(encoding="utf-8-sig"))
    _limit_integers(schema)
    # Draft 4, 1.6's, for all: in it 1.0 is no integer, as in OCPP. What the later drafts add is not used.
    schema.pop("$schema", None)
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True)


def _limit_integers(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            schema.setdefault("minimum", _SMALLEST_INTEGER)
            schema.setdefault("maximum", _LARGEST_INTEGER)
        for part in schema.values():
            _limit_integers(part)
    elif isinstance(schema, list):
        for part in schema:
            _limit_integers(part)


@cache
def _schema_names(version: str) -> frozenset[str]:
    return frozenset(file.name for file in _folder(version).iterdir())


def _folder(version: str) -> Traversable:
    # Not `files("ocpp.v16")`: that would import the version's dataclasses, about 2 s and 40 MB for all three.
    return files("ocpp").joinpath(version, "schemas")
