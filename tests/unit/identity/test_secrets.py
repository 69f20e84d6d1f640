"""Hashing passwords and signing texts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from twinev.adapters.identity import passwords
from twinev.adapters.identity.passwords import Argon2Passwords
from twinev.adapters.identity.signing import SecretKeySigner
from twinev.errors import BadInput


def test_password_matches_its_own_hash_only() -> None:
    argon2 = Argon2Passwords()
    kept = argon2.hash("right")

    assert kept.startswith("$argon2id$")
    assert argon2.matches("right", kept)
    assert not argon2.matches("wrong", kept)
    assert not argon2.matches("right", None)
    assert argon2.hash("right") != kept


def test_checks_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    argon2 = Argon2Passwords()
    running, most, lock = 0, 0, threading.Lock()

    def slow(_password: str, _hash: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(argon2._argon2, "verify", slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: argon2.matches("x", "y"), range(16)))

    assert most == passwords.CHECKS_AT_ONCE


def test_signature_counts_for_its_text_purpose_and_key() -> None:
    signer = SecretKeySigner(secret_key="a" * 32)
    signed = signer.sign("purpose", "text.with.dots")

    assert signer.read("purpose", signed) == "text.with.dots"
    assert signer.read("another", signed) is None
    assert signer.read("purpose", signed[:-1]) is None
    assert signer.read("purpose", "x" + signed) is None
    assert SecretKeySigner(secret_key="b" * 32).read("purpose", signed) is None


def test_short_key_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadInput, match="at least 32") as error:
        SecretKeySigner(secret_key="too-short")

    assert "too-short" not in str(error.value)
