"""Makes the passwords and keys of ``compose.yaml`` in ``deploy/secrets``: each once, at random; what is there is kept.

Needs nothing but Python. The folder is closed to other users of the machine (0700); the files in it are not (0444), for
the containers' users are others than who runs this.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

# TwinEV's own processes, the platform, and one for each kind of module outside.
NATS_USERS = ("api", "gateway", "planner", "platform", "prices", "forecasts", "flexibility")


class SecretsFolder:
    """Files of secrets, each made at the first asking."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def keep(self, name: str, make: Callable[[], str] = lambda: secrets.token_hex(32)) -> str:
        """Return what the file ``name`` says; made if it is not there."""
        path = self._folder / name
        if not path.exists():
            path.write_text(make(), encoding="utf-8")
            path.chmod(0o444)
        return path.read_text(encoding="utf-8")

    def derive(self, name: str, text: str) -> None:
        """Write a file that says again what others hold, such as one for a user who is new."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o444)


def make_secrets(folder: Path) -> None:
    """Write every file that ``compose.yaml`` names, but for certificates and their keys."""
    kept = SecretsFolder(folder)
    for name in ("secret_key", "lab_token"):
        kept.keep(name)
    database = kept.keep("database_password")
    kept.keep("database_url", lambda: f"postgresql://twinev:{database}@database/twinev")
    _nats(kept)
    _keycloak(kept)


def _nats(kept: SecretsFolder) -> None:
    passwords = {user: kept.keep(f"nats_password_{user}") for user in NATS_USERS}
    lines = [f'PASSWORD_{user.upper()}: "{password}"\n' for user, password in passwords.items()]
    kept.derive("nats_passwords.conf", "".join(lines))
    for user, password in passwords.items():
        kept.keep(f"nats_url_{user}", lambda user=user, password=password: f"nats://{user}:{password}@nats:4222")


def _keycloak(kept: SecretsFolder) -> None:
    said = {
        "KC_DB_PASSWORD": kept.keep("keycloak_database_password"),
        "KC_BOOTSTRAP_ADMIN_USERNAME": "administrator",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": kept.keep("keycloak_administrator_password"),
        "TWINEV_OIDC_CLIENT_SECRET": kept.keep("oidc_client_secret"),
        "TWINEV_OIDC_USERS_CLIENT_SECRET": kept.keep("oidc_users_client_secret"),
        "TWINEV_JOBS_CLIENT_SECRET": kept.keep("jobs_client_secret"),
    }
    kept.keep("keycloak.env", lambda: "".join(f"{name}={value}\n" for name, value in said.items()))


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "secrets")
