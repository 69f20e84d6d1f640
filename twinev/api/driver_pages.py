"""The pages of the drivers' app: their template and its headers, who looks, and what is shown instead of a page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, status
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from twinev.api.acting import note_user
from twinev.api.driver_figures import FILTERS
from twinev.api.driver_files import app_files
from twinev.api.driver_texts import LANGUAGE, fill, texts_for_templates
from twinev.api.local_times import clock_time, day_time, window_text
from twinev.api.login_desk import LoginDesk
from twinev.api.pages import FOLDER, PageRoute, Turned, sentence, to_login
from twinev.api.routers.auth import Desk
from twinev.domain.login import LoggedIn
from twinev.domain.users import OPERATORS, Role
from twinev.errors import Forbidden, NotAuthenticated, NotFound, Unavailable

#: Where the app is, and what its service worker may answer for.
PREFIX = "/app"
#: Drivers, and who runs the charge points.
MAY_DRIVE = frozenset({Role.DRIVER, *OPERATORS})


_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"fill": fill, "clock_time": clock_time, "day_time": day_time, "window_text": window_text}
_templates.filters |= FILTERS


def driver_page(
    request: Request, name: str, *, login: LoggedIn | None = None, code: int = 200, **values: object
) -> Response:
    """Render ``templates/driver/<name>``, which extends ``driver/base.html``.

    Parameters
    ----------
    login : LoggedIn, optional
        Who looks; without one the page offers the login, and its forms have no token.
    values
        What the template shows beside the texts ``t``, the files ``files``, the time ``now`` and how fast it passes.
    """
    desk: LoginDesk = request.app.state.identity
    clock = request.app.state.platform.clock
    content = _templates.get_template(f"driver/{name}").render(
        t=texts_for_templates(LANGUAGE),
        language=LANGUAGE,
        files=app_files(),
        login=login,
        csrf_token=desk.check_login.csrf_token_of(login) if login else "",
        here=request.url.path,
        now=clock.now(),
        clock_speed=1 / clock.wall_seconds(1.0),
        **values,
    )
    return HTMLResponse(content, status_code=code, headers=_headers(desk))


def _headers(desk: LoginDesk) -> dict[str, str]:
    """A page runs our own files alone, talks to this server alone, stands in no frame, and is kept nowhere."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " manifest-src 'self'; worker-src 'self';"
        f" form-action {desk.allowed_form_targets()}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def visitor(request: Request, desk: Desk) -> LoggedIn | None:
    """Who looks at a page that is open to everybody, None for a stranger; one while nobody can say who it is, too."""
    try:
        login = desk.visitor(request)
    except Unavailable:
        return None
    if login is not None:
        note_user(request.scope["state"], login.user)
    return login


Visitor = Annotated[LoggedIn | None, Depends(visitor)]


def driver(request: Request, desk: Desk) -> LoggedIn:
    """Who looks at a page of his own; raise `Turned` for who is not logged in, or does not drive."""
    login = desk.visitor(request)
    if login is None:
        raise Turned(to_login(request, desk))
    note_user(request.scope["state"], login.user)
    if login.roles.isdisjoint(MAY_DRIVE):
        t = texts_for_templates(LANGUAGE).common
        text = fill(t.not_for_you, name=login.user.display_name or login.user.username)
        raise Turned(message_page(request, t.not_for_you_title, text, login=login, code=status.HTTP_403_FORBIDDEN))
    return login


Driver = Annotated[LoggedIn, Depends(driver)]


def confirm_form(request: Request, desk: LoginDesk, login: LoggedIn, csrf_token: str) -> None:
    """Take a form that the app itself showed to this login; raise `Turned` for any other."""
    try:
        desk.check_csrf(login, csrf_token)
        desk.confirm(login, None)
    except Forbidden:
        t = texts_for_templates(LANGUAGE).common
        raise Turned(
            message_page(request, t.too_old_title, t.too_old, login=login, code=status.HTTP_403_FORBIDDEN)
        ) from None
    except NotAuthenticated:
        raise Turned(to_login(request, desk)) from None


def message_page(
    request: Request, title: str, text: str, *, login: LoggedIn | None = None, code: int = 200, link: str = PREFIX
) -> Response:
    """Say one thing, and lead on."""
    return driver_page(request, "message.html", login=login, code=code, title=title, text=text, link=link)


class DriverRoute(PageRoute):
    """Answers with a page of the app also where there is nothing, or nothing of this person's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_for_drivers(request: Request) -> Response:
            try:
                return await handle(request)
            except NotFound as error:
                t = texts_for_templates(LANGUAGE).common
                login = await run_in_threadpool(visitor, request, request.app.state.identity)
                code = status.HTTP_404_NOT_FOUND
                return message_page(request, t.not_found_title, sentence(error), login=login, code=code)

        return handle_for_drivers
