"""Keeps out of the records what nobody may read there: stations' keys, and passwords within addresses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twinev.domain.commands import AnyCommand
from twinev.domain.operating_commands import GetLog, SetVariables, UpdateFirmware

HIDDEN = "(hidden)"
#: How the names of variables end that only the station may know: AuthorizationKey, BasicAuthPassword, VpnKey…
_SECRET_ENDINGS = ("key", "password", "secret")


def payload_without_secrets(command: AnyCommand) -> dict[str, Any]:
    """The command as it may be kept and shown."""
    payload = asdict(command)
    match command:
        case SetVariables():
            for value in payload["values"]:
                if _is_secret(value["variable"]["variable"]):
                    value["value"] = HIDDEN
        case GetLog():
            payload["remote_location"] = _without_password(command.remote_location)
        case UpdateFirmware():
            payload["location"] = _without_password(command.location)
    return payload


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


def _is_secret(variable: str) -> bool:
    return variable.lower().endswith(_SECRET_ENDINGS)


def _without_password(url: str) -> str:
    """An FTP address often holds a login."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{HIDDEN}@{host}"))
