"""Keeps out of the records what nobody may read there: stations' keys, and passwords within addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from twinev.domain.commands import AnyCommand
from twinev.domain.operating_commands import GetLog, SetVariables, UpdateFirmware

HIDDEN = "(hidden)"
#: How the names of variables end that only the station may know: AuthorizationKey, BasicAuthPassword, VpnKey…
_SECRET_ENDINGS = ("key", "password", "secret")
#: The login of a URL, whether or not the rest of it makes sense.
_PASSWORD = re.compile(r"//[^/?#:@]*:([^/?#]+)@")


def payload_without_secrets(command: AnyCommand) -> dict[str, Any]:
    """The command as it may be kept and shown, in JSON's values."""
    payload = orjson.loads(orjson.dumps(command))
    match command:
        case SetVariables():
            for value in payload["values"]:
                if _is_secret(value["variable"]["variable"]):
                    value["value"] = HIDDEN
        case GetLog():
            payload["remote_location"] = detail_without_secrets(command, command.remote_location)
        case UpdateFirmware():
            payload["location"] = detail_without_secrets(command, command.location)
    return payload


def detail_without_secrets(command: AnyCommand, detail: str | None) -> str | None:
    """What was said about the command, as it may be kept and shown: a refusal may quote what it refuses."""
    for secret in _secrets_of(command):
        detail = detail and detail.replace(secret, HIDDEN)
    return detail


def response_without_secrets(response: dict[str, Any] | None) -> dict[str, Any] | None:
    """The station's answer as it may be kept and shown: some tell what they should not."""
    if response is None or "getVariableResult" not in response:
        return response
    shown = [
        result | {"attributeValue": HIDDEN}
        if _is_secret(result["variable"]["name"]) and result.get("attributeValue")
        else result
        for result in response["getVariableResult"]
    ]
    return response | {"getVariableResult": shown}


def _secrets_of(command: AnyCommand) -> Iterator[str]:
    match command:
        case SetVariables(values=values):
            yield from (v.value for v in values if v.value and _is_secret(v.variable.variable))
        case GetLog(remote_location=url) | UpdateFirmware(location=url):
            # An FTP address often holds a login.
            yield from _PASSWORD.findall(url)


def _is_secret(variable: str) -> bool:
    return variable.lower().endswith(_SECRET_ENDINGS)
