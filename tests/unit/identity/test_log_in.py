"""Log in, log out, change the password."""

from __future__ import annotations

import logging

import pytest

from twinev.domain.login import EndReason, SessionKind
from twinev.errors import BadInput, NotAuthenticated, PasswordExpired, TooManyTries

PASSWORD = "correct horse battery"
BROWSER = SessionKind.BROWSER


def test_log_in_opens_a_session_of_which_no_secret_is_kept(desk, log_in) -> None:
    opened = log_in.with_password("Driver", PASSWORD, address="1", kind=BROWSER)

    assert opened.login.user.username == "driver"
    assert opened.secret not in repr(desk.accounts.sessions)


@pytest.mark.parametrize(("username", "password"), [("driver", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_wrong_login_is_refused_after_a_full_check(desk, log_in, username: str, password: str) -> None:
    with pytest.raises(NotAuthenticated, match="the username or the password is wrong"):
        log_in.with_password(username, password, address="1", kind=BROWSER)

    assert desk.passwords.checks == 1


def test_disabled_account_cannot_log_in(desk, log_in) -> None:
    desk.users.change("id-driver", disabled=True)

    with pytest.raises(NotAuthenticated):
        log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)


def test_tries_of_a_user_are_limited_until_a_minute_has_passed(desk, log_in) -> None:
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            log_in.with_password("driver", "wrong", address="1", kind=BROWSER)
        desk.clock.forward(seconds=2)

    with pytest.raises(TooManyTries) as error:
        log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)

    assert error.value.retry_after_seconds == pytest.approx(50)
    log_in.with_password("driver", PASSWORD, address="2", kind=BROWSER)
    desk.clock.forward(seconds=51)
    log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)


def test_a_right_password_forgets_the_wrong_ones(log_in) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotAuthenticated):
                log_in.with_password("driver", "wrong", address="1", kind=BROWSER)
        log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)


def test_log_names_no_unknown_user_and_no_password(desk, log_in, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for username in ("driver", "my secret, typed into the wrong field"):
        with pytest.raises(NotAuthenticated):
            log_in.with_password(username, "also secret", address="1.2.3.4", kind=BROWSER)

    opened = log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)

    assert "login of driver from 1.2.3.4 was refused" in caplog.text
    assert "an unknown user" in caplog.text
    assert "secret" not in caplog.text
    assert opened.secret not in caplog.text


def test_log_out_ends_the_session_once(desk, log_in) -> None:
    opened = log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)

    log_in.log_out(opened.login)

    assert desk.accounts.sessions[opened.login.session_id].end_reason is EndReason.LOGGED_OUT


def test_password_change_needs_the_old_one_and_ends_all_sessions(desk, log_in) -> None:
    sessions = [log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER).login for _ in range(2)]

    with pytest.raises(NotAuthenticated):
        log_in.change_password(sessions[0], old="wrong", new="another long password")
    log_in.change_password(sessions[0], old=PASSWORD, new="another long password")

    reasons = {desk.accounts.sessions[login.session_id].end_reason for login in sessions}
    assert reasons == {EndReason.PASSWORD_CHANGED}
    log_in.with_password("driver", "another long password", address="1", kind=BROWSER)


@pytest.mark.parametrize("new", ["", "elevenchars", "x" * 257])
def test_password_change_refuses_a_bad_length_without_repeating_it(log_in, new: str) -> None:
    login = log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER).login

    with pytest.raises(BadInput, match="12 to 256 characters") as error:
        log_in.change_password(login, old=PASSWORD, new=new)

    assert not new or new not in str(error.value)


def test_password_change_is_throttled(log_in) -> None:
    login = log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER).login
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            log_in.change_password(login, old="wrong", new="another long password")

    with pytest.raises(TooManyTries):
        log_in.change_password(login, old=PASSWORD, new="another long password")


def test_old_sessions_are_forgotten(desk, log_in) -> None:
    old = log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER).login
    desk.clock.forward(days=2)

    log_in.with_password("driver", PASSWORD, address="1", kind=BROWSER)

    assert old.session_id not in desk.accounts.sessions


def test_temporary_password_opens_nothing_until_it_is_replaced(desk, log_in) -> None:
    desk.users.change("id-driver", password="given-by-somebody", temporary=True)
    with pytest.raises(PasswordExpired):
        log_in.with_password("driver", "given-by-somebody", address="1", kind=BROWSER)
    with pytest.raises(BadInput, match="another password"):
        log_in.replace_password("driver", old="given-by-somebody", new="given-by-somebody", address="1")
    assert desk.accounts.sessions == {}

    opened = log_in.replace_password("driver", old="given-by-somebody", new="chosen-by-myself", address="1")

    assert opened.login.user.username == "driver"
    log_in.with_password("driver", "chosen-by-myself", address="1", kind=BROWSER)


def test_replacing_a_password_is_limited_like_a_login(desk, log_in) -> None:
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            log_in.replace_password("driver", old="wrong", new="chosen-by-myself", address="1")
    with pytest.raises(TooManyTries):
        log_in.replace_password("driver", old=PASSWORD, new="chosen-by-myself", address="1")
    log_in.with_password("driver", PASSWORD, address="2", kind=BROWSER)
