"""The accounts of a first start, made once, with their random passwords in a private file.

A demonstration gets one for each role, any other system an administrator.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from twinev.domain.users import Role
from twinev.private_file import write_private
from twinev.services.administer_users import random_password
from twinev.services.manage_users import ManageUsers

_PURPOSES = {
    Role.DRIVER: ("Driver", "stand for a driver: the pages of the staff stay closed"),
    Role.GRID_OPERATOR: ("Grid operator", "watch the grid operators' page and limit the power of stations"),
    Role.CHARGE_POINT_OPERATOR: ("Charge point operator", "read all and run the stations over the API"),
    Role.ADMINISTRATOR: ("Administrator", "manage accounts over the API; may open every page"),
}


def make_demo_accounts(*, users: ManageUsers, path: Path) -> bool:
    """Make the demo accounts unless there are accounts already; say whether they were made.

    Parameters
    ----------
    users : ManageUsers
        Creates them.
    path : Path
        The file, mode 0600, that tells their passwords: a JSON list of username, password, role and purpose.
    """
    return _make(list(Role), users=users, path=path)


def make_first_account(*, users: ManageUsers, path: Path) -> bool:
    """Make an administrator unless there are accounts already: the first account of a system that is no demonstration.

    ``path`` is written like the demonstration's file, with the one account.
    """
    return _make([Role.ADMINISTRATOR], users=users, path=path)


def _make(roles: Sequence[Role], *, users: ManageUsers, path: Path) -> bool:
    if users.list():
        return False
    entries = [
        {"username": role.value, "password": random_password(), "role": role.value, "purpose": _PURPOSES[role][1]}
        for role in roles
    ]
    # The file first: accounts whose passwords nobody knows would never be made again.
    write_private(path, json.dumps(entries, indent=2) + "\n")
    accounts = [
        users.new_account(
            username=entry["username"],
            password=entry["password"],
            roles=[entry["role"]],
            display_name=_PURPOSES[Role(entry["role"])][0],
        )
        for entry in entries
    ]
    return users.create_first(*accounts)
