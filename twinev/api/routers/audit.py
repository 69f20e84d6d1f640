"""The audit log, for administrators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from twinev.api.identity import require_role
from twinev.api.pagination import WantedPage, number_after, page_of
from twinev.api.platform import LongReading
from twinev.domain.audit import AuditEntry
from twinev.domain.users import Role
from twinev.services.ports.audit import AuditFilter
from twinev.wire.moment import Moment
from twinev.wire.rest.audit import AuditEntryOut, ChangeOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=[Depends(require_role(Role.ADMINISTRATOR))])

_SUBJECT = "what was changed, such as stations/RDAM-0815; with all that lies under it"
_ACTION = "the method and route, such as PATCH /api/v1/stations/{station_id}"


@router.get("")
def list_audit_entries(
    *,
    ask: WantedPage,
    work: LongReading,
    username: Annotated[str | None, Query(max_length=64)] = None,
    subject: Annotated[str | None, Query(max_length=500, description=_SUBJECT)] = None,
    action: Annotated[str | None, Query(max_length=255, description=_ACTION)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> Page[AuditEntryOut]:
    """List who changed what, newest first. Entries can be neither changed nor removed."""
    wanted = AuditFilter(username=username, subject=subject, action=action, since=since, until=until)
    rows = work.audit.list(wanted, limit=ask.one_more, before=number_after(ask))
    return page_of(rows, ask, out=_out, name=lambda entry: str(entry.number))


def _out(entry: AuditEntry) -> AuditEntryOut:
    actor = entry.actor
    return AuditEntryOut(
        id=str(entry.number),
        at=entry.at,
        user_id=actor.user_id,
        username=actor.username,
        roles=actor.roles,
        app=actor.app,
        action=actor.action,
        subject=actor.subject,
        changes=tuple(ChangeOut(**asdict(change)) for change in entry.changes),
    )
