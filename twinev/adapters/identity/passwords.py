"""Password hashes of local accounts: argon2id, a few at a time."""

from __future__ import annotations

import secrets
import threading

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

#: A check takes about 0.1 s of a core and 64 MB: more at once would only take the machine away from the rest.
CHECKS_AT_ONCE = 2


class Argon2Passwords:
    """Implements `twinev.services.identity_ports.PasswordHasher`; call it from a thread, it computes."""

    def __init__(self) -> None:
        self._argon2 = PasswordHash((Argon2Hasher(),))
        self._turns = threading.BoundedSemaphore(CHECKS_AT_ONCE)
        # For who does not exist, a hash that no password has: the answer must not come sooner.
        self._nobody = self._argon2.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        with self._turns:
            return self._argon2.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        with self._turns:
            right = self._argon2.verify(password, password_hash or self._nobody)
        return right and password_hash is not None
