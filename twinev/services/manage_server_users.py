"""What an administrator does with the users of an identity server; the sessions here end with what changes there."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from twinev.domain.login import Account, EndReason
from twinev.domain.users import Role, User
from twinev.errors import Conflict
from twinev.services.log_in import require_password
from twinev.services.manage_users import require_username, roles_of
from twinev.services.ports.clock import Clock
from twinev.services.ports.identity_server import EndedLogin, GrantStore
from twinev.services.ports.user_directory import UserDirectory

_log = logging.getLogger(__name__)


class ManageServerUsers:
    """Implements `twinev.services.administer_users.UserAdministration`.

    Parameters
    ----------
    directory : UserDirectory
        The identity server's users.
    grants : GrantStore
        Knows their sessions here.
    clock : Clock
        The wall's clock.
    """

    def __init__(self, *, directory: UserDirectory, grants: GrantStore, clock: Clock) -> None:
        self._directory = directory
        self._grants = grants
        self._clock = clock

    def page(self, *, search: str, first: int, limit: int) -> list[Account]:
        return self._directory.page(search=search, first=first, limit=limit)

    def by_id(self, user_id: str) -> Account:
        return self._directory.by_id(user_id)

    def create(
        self, *, username: str, password: str, roles: Iterable[str], display_name: str = "", temporary: bool = False
    ) -> Account:
        wanted = roles_of(roles)
        user_id = self._directory.create(
            username=require_username(username),
            password=require_password("password", password),
            temporary=temporary,
            display_name=display_name.strip(),
        )
        self._directory.set_roles(user_id, add=wanted, remove=())
        _log.info("user %s was created at the identity server with the roles %s", username, sorted(wanted))
        return self._directory.by_id(user_id)

    def change(
        self,
        user_id: str,
        *,
        by: User,
        display_name: str | None = None,
        roles: Iterable[str] | None = None,
        password: str | None = None,
        temporary: bool = False,
        disabled: bool | None = None,
    ) -> Account:
        before = self._directory.by_id(user_id)
        wanted = before.user.roles if roles is None else roles_of(roles)
        disable = before.disabled if disabled is None else disabled
        self._require_administrator_left(before, wanted, disable, by)
        if password is not None:
            self._directory.set_password(user_id, require_password("password", password), temporary=temporary)
        name = before.user.display_name if display_name is None else display_name.strip()
        if (name, disable) != (before.user.display_name, before.disabled):
            self._directory.describe(user_id, display_name=name, disabled=disable)
        self._directory.set_roles(user_id, add=wanted - before.user.roles, remove=before.user.roles - wanted)
        after = self._directory.by_id(user_id)
        reason = _end_reason(before, after, password)
        if reason is not None:
            self._grants.end_sessions(EndedLogin(server_session_id=None, user_id=user_id), reason, self._clock.now())
            self._directory.log_out(user_id)
        _log.info("user %s was changed at the identity server by %s", before.user.username, by.username)
        return after

    def _require_administrator_left(self, before: Account, wanted: frozenset[Role], disable: bool, by: User) -> None:
        # Who asks is an administrator: as long as nobody takes the role from themselves, there is one. To count the
        # others, the service account would need the right to read the whole realm.
        if before.user.id == by.id and (
            disable or (Role.ADMINISTRATOR in by.roles and Role.ADMINISTRATOR not in wanted)
        ):
            raise Conflict("nobody takes the role administrator from themselves; ask another administrator")


def _end_reason(before: Account, after: Account, password: str | None) -> EndReason | None:
    if after.disabled and not before.disabled:
        return EndReason.DISABLED
    if before.user.roles != after.user.roles:
        return EndReason.ROLES_CHANGED
    return None if password is None else EndReason.PASSWORD_CHANGED
