"""Where a process finds NATS: as it was told, or the embedded server of the data directory."""

from __future__ import annotations

from twinev.adapters.messaging.embedded_server import EmbeddedServer, prepare_server
from twinev.settings import Settings


def nats_url(settings: Settings, user: str) -> str:
    """Return the URL, with the password of ``user`` for the embedded server."""
    if settings.nats_url:
        return settings.nats_url
    return embedded_server(settings).urls[user]


def embedded_server(settings: Settings) -> EmbeddedServer:
    """Write the embedded server's configuration, and return how to run and reach it."""
    return prepare_server(directory=settings.data_dir / "nats", port=settings.nats_port, modules=settings.nats_modules)
