"""Accounts: what an administrator may do, and what nobody may."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from twinev.adapters.identity.demo_accounts import make_demo_accounts, make_first_account
from twinev.domain.login import SessionKind
from twinev.domain.users import Role
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.manage_users import ManageUsers

PASSWORD = "correct horse battery"


def test_create_refuses_a_taken_name_in_any_case(desk) -> None:
    with pytest.raises(Conflict):
        desk.users.create(username="DRIVER", password=PASSWORD, roles=["driver"])


@pytest.mark.parametrize("username", ["", " ", "two words", "line\nbreak", "x" * 65, "<b>", "a/b"])
def test_create_refuses_a_name_that_hides_in_a_log_or_page(desk, username: str) -> None:
    with pytest.raises(BadInput, match="username"):
        desk.users.create(username=username, password=PASSWORD, roles=["driver"])


def test_create_names_the_roles_that_there_are(desk) -> None:
    with pytest.raises(BadInput, match="driver, grid_operator, charge_point_operator, administrator"):
        desk.users.create(username="olga", password=PASSWORD, roles=["king"])


@pytest.mark.parametrize("change", [{"roles": ["driver"]}, {"roles": []}, {"disabled": True}])
def test_the_last_administrator_stays(desk, change) -> None:
    with pytest.raises(Conflict, match="last administrator"):
        desk.users.change("id-administrator", **change)

    desk.users.create(username="second", password=PASSWORD, roles=["administrator"])
    desk.users.change("id-administrator", **change)


def test_change_of_an_unknown_user_is_not_found(desk) -> None:
    with pytest.raises(NotFound):
        desk.users.change("nobody", display_name="x")


@pytest.fixture
def empty(desk) -> ManageUsers:
    desk.accounts.accounts.clear()
    return desk.users


def test_demo_accounts_are_one_per_role_in_a_private_file(desk, empty, log_in, tmp_path: Path) -> None:
    path = tmp_path / "data" / "demo_accounts.json"

    assert make_demo_accounts(users=empty, path=path)

    entries = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry["role"] for entry in entries] == list(Role)
    assert len({entry["password"] for entry in entries}) == len(entries)
    assert all(entry["purpose"] for entry in entries)
    for entry in entries:
        opened = log_in.with_password(entry["username"], entry["password"], address="1", kind=SessionKind.BROWSER)
        assert opened.login.roles == {entry["role"]}
    assert list(path.parent.iterdir()) == [path]


def test_demo_accounts_are_made_once(empty, tmp_path: Path) -> None:
    path = tmp_path / "demo_accounts.json"
    make_demo_accounts(users=empty, path=path)
    before = path.read_text()

    assert not make_demo_accounts(users=empty, path=path)

    assert path.read_text() == before


def test_demo_accounts_are_not_added_to_others(desk, tmp_path: Path) -> None:
    path = tmp_path / "demo_accounts.json"

    assert not make_demo_accounts(users=desk.users, path=path)

    assert not path.exists()


def test_first_account_is_an_administrator_and_no_demonstration(empty, log_in, tmp_path: Path) -> None:
    path = tmp_path / "first_account.json"

    assert make_first_account(users=empty, path=path)

    (entry,) = json.loads(path.read_text())
    opened = log_in.with_password(entry["username"], entry["password"], address="1", kind=SessionKind.BROWSER)
    assert opened.login.roles == {Role.ADMINISTRATOR}
    assert "demo" not in path.read_text().lower()
    assert not make_first_account(users=empty, path=path)
