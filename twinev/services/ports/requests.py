"""Answers to repeated requests, and which API process leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """What a request with an Idempotency-Key was answered; ``status`` None while the first one is under way."""

    request_hash: bytes
    status: int | None
    body: dict[str, Any] | None
    at: datetime


class Idempotency(Protocol):
    """Answers to creating requests, by user and Idempotency-Key."""

    def claim(self, user_id: str, key: str, request_hash: bytes, at: datetime) -> bool:
        """Tell whether the key was free; then it is taken."""

    def answer(self, user_id: str, key: str) -> KeptAnswer | None: ...
    def keep(self, user_id: str, key: str, status: int, body: dict[str, Any]) -> None: ...
    def release(self, user_id: str, key: str) -> None: ...
    def forget_before(self, at: datetime) -> None: ...


class Leadership(Protocol):
    """Which of several API processes runs what must run once: the outbox relay, the planning loop."""

    def held(self) -> bool:
        """Whether this process leads; tries to take the lead when nobody does. Called again and again."""

    def release(self) -> None: ...
