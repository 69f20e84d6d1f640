"""Log in, stay logged in, log out; and the tickets that carry a login into a dashboard's kernel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response, status

from twinev.api.identity import CurrentLogin
from twinev.api.login_desk import LoginDesk
from twinev.domain.login import LoggedIn, SessionKind
from twinev.domain.users import User
from twinev.errors import BadInput, Forbidden, NotAuthenticated, NotFound
from twinev.wire.identity import LoginMethodsOut, LoginSessionOut, OwnNameIn, PasswordChangeIn
from twinev.wire.rest.identity import LoginIn, LoginOut, TicketIn, TicketOut, UserOut

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


async def login_desk(request: Request) -> LoginDesk:
    """Return what wiring put at ``app.state.identity``."""
    return request.app.state.identity


async def never_stored(response: Response) -> None:
    """Tell browsers and proxies to keep no copy: the answer holds a secret, or depends on who asks."""
    response.headers["Cache-Control"] = "no-store"


Desk = Annotated[LoginDesk, Depends(login_desk)]


def address_of(request: Request) -> str:
    """Return the caller's address, as far as the server knows."""
    return request.client.host if request.client else "unknown"


@router.post("/login", responses={401: {}, 403: {}}, dependencies=[Depends(never_stored)])
def log_in(body: LoginIn, request: Request, desk: Desk) -> LoginOut:
    """Give an access token for a username and password. It lives 5 minutes; renew it before it ends."""
    _require_passwords(desk)
    opened = desk.log_in.with_password(
        body.username, body.password, address=address_of(request), kind=SessionKind.TOKEN
    )
    return _token(desk, opened.login)


@router.get("/methods")
def methods(desk: Desk) -> LoginMethodsOut:
    """Tell how one logs in: with a password here, or at an identity server and where programs get its tokens."""
    known = desk.methods()
    return LoginMethodsOut(password=known.issuer is None, issuer=known.issuer, token_endpoint=known.token_endpoint)


@router.post(
    "/backchannel-logout",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={404: {}},
    dependencies=[Depends(never_stored)],
)
def take_logout(desk: Desk, logout_token: Annotated[str, Form(max_length=16_384)]) -> None:
    """Take the identity server's signed word that a login has ended (OpenID Connect Back-Channel Logout 1.0)."""
    if desk.elsewhere is None:
        raise NotFound("identity server", "logout")
    try:
        desk.elsewhere.take_end(logout_token)
    except NotAuthenticated as error:
        raise BadInput("logout_token", "(not repeated)", "a logout token of the identity server") from error


@router.post("/renew", dependencies=[Depends(never_stored)])
def renew(login: CurrentLogin, desk: Desk) -> LoginOut:
    """Give a new access token of the same login session; refused once the session has ended."""
    return _token(desk, login)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
def log_out(login: CurrentLogin, response: Response, desk: Desk) -> None:
    """End the login session with all its tokens, tickets and its cookie."""
    desk.end(login)
    desk.clear_cookie(response)


@router.get("/me", dependencies=[Depends(never_stored)])
def me(login: CurrentLogin) -> UserOut:
    """Tell who calls."""
    return _user(login.user)


@router.patch("/me", dependencies=[Depends(never_stored)])
def rename_me(body: OwnNameIn, login: CurrentLogin, desk: Desk) -> UserOut:
    """Change how one is called; where an identity server keeps the names, they are changed there."""
    if desk.elsewhere is not None:
        raise Forbidden("names are kept at the identity server; change yours on its account page")
    return _user(desk.users.change(login.user.id, by=login.user, display_name=body.display_name).user)


@router.get("/session", dependencies=[Depends(never_stored)])
def session(login: CurrentLogin, desk: Desk) -> LoginSessionOut:
    """Tell who is behind a session, its roles, and its CSRF token. The dashboards' server asks this."""
    return LoginSessionOut(
        session_id=login.session_id,
        user=_user(login.user),
        expires_at=login.expires_at,
        csrf_token=desk.check_login.csrf_token_of(login),
    )


@router.post("/password", status_code=status.HTTP_204_NO_CONTENT)
def change_password(body: PasswordChangeIn, login: CurrentLogin, response: Response, desk: Desk) -> None:
    """Set a new password. It ends all sessions of the user, this one too."""
    _require_passwords(desk)
    desk.log_in.change_password(login, old=body.old_password, new=body.new_password)
    desk.clear_cookie(response)


@router.post("/tickets", status_code=status.HTTP_201_CREATED, dependencies=[Depends(never_stored)])
def issue_ticket(login: CurrentLogin, desk: Desk) -> TicketOut:
    """Give a single-use ticket, good for 30 s, of a browser's session."""
    ticket = desk.check_login.issue_ticket(login)
    return TicketOut(ticket=ticket.text, expires_in=ticket.expires_in_seconds)


@router.post("/tickets/redeem", responses={401: {}}, dependencies=[Depends(never_stored)])
def redeem_ticket(body: TicketIn, desk: Desk) -> LoginOut:
    """Take a ticket and give an access token of the session that it came from. The first use wins."""
    return _token(desk, desk.check_login.redeem_ticket(body.ticket))


def _require_passwords(desk: LoginDesk) -> None:
    if desk.elsewhere is not None:
        raise Forbidden(
            "passwords are typed at the identity server only. A program gets a token there with its own client"
            " (Client(client_id=…, client_secret=…)); a person gets a ticket for a notebook on the page /ticket"
        )


def _token(desk: LoginDesk, login: LoggedIn) -> LoginOut:
    token = desk.check_login.token_of(login)
    return LoginOut(access_token=token.text, expires_in=token.expires_in_seconds)


def _user(user: User) -> UserOut:
    return UserOut(id=user.id, username=user.username, display_name=user.display_name, roles=tuple(sorted(user.roles)))
