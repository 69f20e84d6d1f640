"""Keeps out of the records what nobody may read there: passwords within addresses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twinev.domain.commands import AnyCommand
from twinev.domain.operating_commands import GetLog, UpdateFirmware

HIDDEN = "(hidden)"


def payload_without_secrets(command: AnyCommand) -> dict[str, Any]:
    """The command as it may be kept and shown."""
    payload = asdict(command)
    match command:
        case GetLog():
            payload["remote_location"] = _without_password(command.remote_location)
        case UpdateFirmware():
            payload["location"] = _without_password(command.location)
    return payload


def _without_password(url: str) -> str:
    """An FTP address often holds a login."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{HIDDEN}@{host}"))
