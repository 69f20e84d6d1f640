"""Where a process finds NATS: as it was told, or the embedded server of the data directory."""

from __future__ import annotations

from twinev.adapters.messaging.embedded_server import prepare_server
from twinev.settings import Settings


def nats_url(settings: Settings, user: str) -> str:
    """Return the URL, with the password of ``user`` for the embedded server."""
    if settings.nats_url:
        return settings.nats_url
    return prepare_server(directory=settings.data_dir / "nats", port=settings.nats_port).urls[user]
