"""The NATS server that TwinEV brings along: writes its configuration and says how to run it; somebody else runs it.

Everything lies in one directory: the configuration, the passwords (made once) and JetStream's files.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinev.adapters.messaging.roles import MODULES, NatsRole, roles_with
from twinev.errors import Unavailable
from twinev.private_file import write_private

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
MAX_FILE_STORE_BYTES = 4 * 1024 * 1024 * 1024
MAX_MEMORY_STORE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class EmbeddedServer:
    """How to run the server, and the URL of each of its users."""

    command: tuple[str, ...]
    urls: Mapping[str, str]


def prepare_server(
    *,
    directory: Path,
    port: int,
    host: str = "127.0.0.1",
    binary: Path | None = None,
    modules: Mapping[str, tuple[str, ...]] | None = None,
) -> EmbeddedServer:
    """Write ``nats.conf`` into ``directory`` and return how to run it.

    Calling it again keeps the passwords, so that every process can ask for its URL here.

    Parameters
    ----------
    directory : Path
        Made with mode 0700; the files in it with 0600.
    port : int
        The port of clients on ``host``.
    binary : Path, optional
        The server's program; the one that came with the Python package without it.
    modules : mapping, optional
        Users for modules of other owners, each with the topics that it announces; `MODULES` without it.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    roles = roles_with(MODULES if modules is None else modules)
    passwords = _passwords(directory / "passwords.json", roles)
    config_path = directory / "nats.conf"
    config = _config(host=host, port=port, store=directory / "jetstream", passwords=passwords, roles=roles)
    # The server reads JSON; names in it such as $JS are no variables while they stand in quotes.
    write_private(config_path, json.dumps(config, indent=2, ensure_ascii=False))
    return EmbeddedServer(
        command=(str(binary or find_binary()), "--config", str(config_path)),
        urls={user: f"nats://{user}:{password}@{host}:{port}" for user, password in passwords.items()},
    )


def find_binary() -> Path:
    """The server's program beside this Python, or on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Unavailable(
            f"the program nats-server is neither at {beside} nor on the PATH; "
            "install the dependencies again (scripts/setup), or set TWINEV_NATS_URL to an external server"
        )
    return Path(found)


def _config(
    *, host: str, port: int, store: Path, passwords: Mapping[str, str], roles: Sequence[NatsRole]
) -> dict[str, Any]:
    return {
        "server_name": "twinev",
        # Separate keys: the server takes an address and a port in one only without variables.
        "host": host,
        "port": port,
        "max_payload": MAX_PAYLOAD_BYTES,
        "jetstream": {
            "store_dir": str(store.absolute()),
            # Its default syncs every two minutes: an acknowledged fact could be lost with the power.
            "sync_interval": "always",
            "max_file_store": MAX_FILE_STORE_BYTES,
            "max_memory_store": MAX_MEMORY_STORE_BYTES,
        },
        "authorization": {"users": [_user(role, passwords[role.user]) for role in roles]},
    }


def _user(role: NatsRole, password: str) -> dict[str, Any]:
    # An empty allow list would allow everything: who publishes nothing is denied everything but its replies.
    publish = {"allow": list(role.publish)} if role.publish else {"deny": [">"]}
    return {
        "user": role.user,
        "password": password,
        "permissions": {
            "publish": publish,
            "subscribe": {"allow": list(role.subscribe)},
            "allow_responses": {"max": 1, "expires": "2m"},
        },
    }


def _passwords(path: Path, roles: Sequence[NatsRole]) -> dict[str, str]:
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    passwords = {role.user: known.get(role.user) or secrets.token_hex(24) for role in roles}
    if passwords != known:
        write_private(path, json.dumps(passwords, indent=2))
    return passwords
