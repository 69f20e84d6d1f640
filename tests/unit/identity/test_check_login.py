"""Cookies, tokens, tickets: which count, and when they stop to."""

from __future__ import annotations

import pytest

from twinev.domain.login import SessionKind
from twinev.domain.users import Role
from twinev.errors import Forbidden, NotAuthenticated

PASSWORD = "correct horse battery"


@pytest.fixture
def check(desk):
    return desk.check_login


@pytest.fixture
def opened(log_in):
    return log_in.with_password("grid_operator", PASSWORD, address="1", kind=SessionKind.BROWSER)


def test_cookie_tells_who_it_is(check, opened) -> None:
    login = check.of_cookie(check.cookie_of(opened.secret))

    assert login == opened.login
    assert login.roles == {Role.GRID_OPERATOR}


@pytest.mark.parametrize("cookie", ["", ".", "a", "a.b", "ä.b", "\x00"])
def test_forged_cookie_is_refused(check, cookie: str) -> None:
    with pytest.raises(NotAuthenticated):
        check.of_cookie(cookie)


def test_cookie_of_another_key_is_refused(desk, check, opened) -> None:
    stranger = type(desk)(secret_key="s" * 64).check_login

    with pytest.raises(NotAuthenticated):
        check.of_cookie(stranger.cookie_of(opened.secret))


@pytest.mark.parametrize("made_by", ["token_of", "csrf_token_of", "form_token_of", "cookie_of"])
def test_a_signature_counts_for_its_own_purpose_only(check, opened, made_by: str) -> None:
    made = {
        "token_of": lambda: check.token_of(opened.login).text,
        "csrf_token_of": lambda: check.csrf_token_of(opened.login),
        "form_token_of": lambda: check.form_token_of(opened.secret),
        "cookie_of": lambda: check.cookie_of(opened.secret),
    }[made_by]()

    if made_by != "cookie_of":
        with pytest.raises(NotAuthenticated):
            check.of_cookie(made)
    if made_by != "token_of":
        with pytest.raises(NotAuthenticated):
            check.of_token(made)
    if made_by != "csrf_token_of":
        with pytest.raises(Forbidden):
            check.check_csrf(opened.login, made)


def test_cookie_expires_with_its_session(desk, check, opened) -> None:
    cookie = check.cookie_of(opened.secret)
    desk.clock.forward(hours=11, minutes=59)
    check.of_cookie(cookie)

    desk.clock.forward(minutes=1)

    with pytest.raises(NotAuthenticated):
        check.of_cookie(cookie)


def test_token_expires_after_five_minutes_and_a_renewed_one_later(desk, check, opened) -> None:
    first = check.token_of(opened.login)
    desk.clock.forward(seconds=299)
    second = check.token_of(check.of_token(first.text))
    desk.clock.forward(seconds=1)

    with pytest.raises(NotAuthenticated, match="expired"):
        check.of_token(first.text)
    assert first.expires_in_seconds == 300
    assert check.of_token(second.text) == opened.login


def test_token_never_outlives_its_session(desk, check, opened) -> None:
    desk.clock.forward(hours=11, minutes=59)

    assert check.token_of(opened.login).expires_in_seconds == 60


@pytest.mark.parametrize("change", [{"roles": ["driver"]}, {"disabled": True}, {"password": "another long password"}])
def test_a_change_of_the_account_ends_cookie_token_and_ticket(desk, check, opened, change) -> None:
    cookie, token = check.cookie_of(opened.secret), check.token_of(opened.login).text
    ticket = check.issue_ticket(opened.login).text

    desk.users.change("id-grid_operator", **change)

    for refuse, text in ((check.of_cookie, cookie), (check.of_token, token), (check.redeem_ticket, ticket)):
        with pytest.raises(NotAuthenticated):
            refuse(text)
    assert not check.is_open(opened.login)


def test_a_new_display_name_ends_nothing(desk, check, opened) -> None:
    desk.users.change("id-grid_operator", display_name="Olga")

    assert check.is_open(opened.login)


def test_ticket_is_worth_one_use_within_thirty_seconds(desk, check, opened) -> None:
    used, late = check.issue_ticket(opened.login).text, check.issue_ticket(opened.login).text
    assert check.redeem_ticket(used) == opened.login
    desk.clock.forward(seconds=30)

    for ticket in (used, late, "unknown"):
        with pytest.raises(NotAuthenticated, match="unknown, too old or already used"):
            check.redeem_ticket(ticket)
    assert late not in repr(desk.accounts.tickets)


def test_session_without_a_browser_has_no_cookie_and_no_ticket(check, log_in) -> None:
    opened = log_in.with_password("grid_operator", PASSWORD, address="1", kind=SessionKind.TOKEN)

    with pytest.raises(NotAuthenticated):
        check.of_cookie(check.cookie_of(opened.secret))
    with pytest.raises(Forbidden):
        check.issue_ticket(opened.login)


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_csrf_token_must_be_of_the_session(check, opened, token: str | None) -> None:
    check.check_csrf(opened.login, check.csrf_token_of(opened.login))

    with pytest.raises(Forbidden):
        check.check_csrf(opened.login, token)


def test_form_token_belongs_to_the_browser_that_got_the_page(check) -> None:
    token = check.form_token_of("nonce")

    assert check.form_is_ours("nonce", token)
    assert not check.form_is_ours("another", token)
    assert not check.form_is_ours(None, token)
    assert not check.form_is_ours("", check.form_token_of(""))
