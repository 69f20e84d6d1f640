"""The configuration of a NATS server for TwinEV: users with their rights, and facts on disk before they are confirmed.

``python -m twinev.adapters.messaging.server_config deploy/nats/nats.conf`` writes the one of the containers.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twinev.adapters.messaging.roles import MODULES, NatsRole, roles_with

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
MAX_FILE_STORE_BYTES = 4 * 1024 * 1024 * 1024
MAX_MEMORY_STORE_BYTES = 64 * 1024 * 1024

#: Beside the configuration of the containers: a line ``PASSWORD_<USER> = "…"`` for each user.
PASSWORDS_FILE = "passwords.conf"
_CONTAINER_STORE = Path("/data/jetstream")
_CONTAINER_PORT = 4222
# For the container's own health check alone.
_CONTAINER_MONITOR = "127.0.0.1:8222"


def server_config(
    *, host: str, port: int, store: Path, passwords: Mapping[str, str], roles: Sequence[NatsRole]
) -> dict[str, Any]:
    """Return the configuration; ``passwords`` has one for each user of ``roles``."""
    return {
        "server_name": "twinev",
        # Separate keys: the server takes an address and a port in one only without variables.
        "host": host,
        "port": port,
        "max_payload": MAX_PAYLOAD_BYTES,
        "jetstream": {
            "store_dir": str(store),
            # Its default syncs every two minutes: an acknowledged fact could be lost with the power.
            "sync_interval": "always",
            "max_file_store": MAX_FILE_STORE_BYTES,
            "max_memory_store": MAX_MEMORY_STORE_BYTES,
        },
        "authorization": {"users": [_user(role, passwords[role.user]) for role in roles]},
    }


def password_variable(user: str) -> str:
    """Return the name under which the containers' configuration finds the password of ``user``."""
    return f"PASSWORD_{user.upper()}"


def container_config() -> str:
    """Return the configuration of the containers, which includes `PASSWORDS_FILE` and holds no password itself."""
    roles = roles_with(MODULES)
    variables = {role.user: f"${password_variable(role.user)}" for role in roles}
    config = server_config(
        host="0.0.0.0", port=_CONTAINER_PORT, store=_CONTAINER_STORE, passwords=variables, roles=roles
    )
    settings = "".join(f"{key}: {_text(value)}\n" for key, value in {**config, "http": _CONTAINER_MONITOR}.items())
    return (
        "# Written by: python -m twinev.adapters.messaging.server_config deploy/nats/nats.conf\n"
        f'include "{PASSWORDS_FILE}"\n{settings}'
    )


def _text(value: Any) -> str:
    # A variable counts outside of quotes only; other names with a dollar sign, such as $JS, must stay in theirs.
    return re.sub(r'"(\$PASSWORD_[A-Z]+)"', r"\1", json.dumps(value, indent=2))


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


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(container_config(), encoding="utf-8")
