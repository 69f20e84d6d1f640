"""Whose sessions somebody may see and steer: staff all of them, drivers their own."""

from __future__ import annotations

from twinev.domain.session import ChargingSession
from twinev.domain.users import OPERATORS, STAFF, User
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import session_owner


def is_staff(user: User) -> bool:
    return not user.roles.isdisjoint(STAFF)


def seen_session(session_id: str, *, user: User, work: UnitOfWork) -> ChargingSession:
    """Return a session that the user may see; somebody else's is as good as none."""
    session = work.sessions.get(session_id)
    if not is_staff(user) and session_owner(session, work=work) != user.id:
        raise NotFound("charging session", session_id)
    return session


def steered_session(session_id: str, *, user: User, work: UnitOfWork) -> ChargingSession:
    """Return a session that the user may change or stop."""
    session = work.sessions.get(session_id)
    if user.roles.isdisjoint(OPERATORS) and session_owner(session, work=work) != user.id:
        raise NotFound("charging session", session_id)
    return session
