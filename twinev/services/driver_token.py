"""Each driver's virtual id token: what identifies him at a station when he has no card in hand."""

from __future__ import annotations

import secrets

from twinev.domain.users import AuthorizationStatus
from twinev.services.ports.unit_of_work import UnitOfWork

# OCPP 1.6 takes 20 characters; nobody guesses 64 bits.
PREFIX = "app-"
_RANDOM_BYTES = 8


def group_of(id_token: str, *, work: UnitOfWork) -> str | None:
    """The driver's virtual token, which stands for all of his; None for nobody's, or where he has none."""
    user_id = work.tokens.user_of(id_token)
    return None if user_id is None else known_driver_token(user_id, work)


def driver_token(user_id: str, *, work: UnitOfWork) -> str:
    """Return the user's virtual token, made at the first call; the caller commits."""
    known = known_driver_token(user_id, work)
    if known is not None:
        return known
    token = PREFIX + secrets.token_hex(_RANDOM_BYTES)
    work.tokens.save(token, AuthorizationStatus.ACCEPTED, user_id)
    return token


def known_driver_token(user_id: str, work: UnitOfWork) -> str | None:
    """The user's virtual token; None for who has never reserved or charged with the app."""
    return next((token for token in work.tokens.of_user(user_id) if token.startswith(PREFIX)), None)
