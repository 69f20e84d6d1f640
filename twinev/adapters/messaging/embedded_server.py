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

from twinev.adapters.messaging.roles import MODULES, NatsRole, roles_with
from twinev.adapters.messaging.server_config import server_config
from twinev.errors import Unavailable
from twinev.private_file import write_private


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
    store = directory.absolute() / "jetstream"
    config = server_config(host=host, port=port, store=store, passwords=passwords, roles=roles)
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


def _passwords(path: Path, roles: Sequence[NatsRole]) -> dict[str, str]:
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    passwords = {role.user: known.get(role.user) or secrets.token_hex(24) for role in roles}
    if passwords != known:
        write_private(path, json.dumps(passwords, indent=2))
    return passwords
