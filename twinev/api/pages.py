"""Server-rendered pages: the template, the headers that protect it, and what is shown while a part does not answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twinev.api.login_desk import LoginDesk
from twinev.errors import Forbidden, Unavailable

FOLDER = Path(__file__).resolve().parent

_pages = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)


def page(desk: LoginDesk, name: str, *, code: int = 200, **values: object) -> Response:
    """Render a template. The page runs no script, loads nothing from elsewhere, and stands in no frame."""
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {desk.allowed_form_targets()};"
        " frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_pages.get_template(name).render(**values), status_code=code, headers=headers)


def to_login(request: Request, desk: LoginDesk) -> Response:
    """Lead who is not logged in to the login, and back here afterwards; a form that was sent is not sent again."""
    if request.method == "GET":
        here = address_of_page(request)
        query = "" if here == "/" else f"?next={quote(here, safe='')}"
        return RedirectResponse(f"/login{query}", status.HTTP_303_SEE_OTHER)
    return page(
        desk,
        "message.html",
        code=status.HTTP_401_UNAUTHORIZED,
        title="Your login has ended",
        text="Nothing was changed. Log in again, then try once more.",
        link=f"/login?next={quote(request.url.path, safe='')}",
        link_text="Log in",
    )


def sentence(error: Exception) -> str:
    """Return an error's text as a sentence for people."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def address_of_page(request: Request) -> str:
    """Return the path of a page with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


class Turned(Exception):
    """This person does not get the page that was asked for; ``response`` is what they get."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__("not for this person")


class PageRoute(APIRoute):
    """Answers people with a page, not with a problem for programs, also while the identity server does not answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_for_people(request: Request) -> Response:
            try:
                return await handle(request)
            except Turned as turned:
                return turned.response
            except Forbidden as refusal:
                return page(
                    request.app.state.identity,
                    "message.html",
                    code=status.HTTP_403_FORBIDDEN,
                    title="This is not done here",
                    text=sentence(refusal),
                    link="/",
                    link_text="Back to the start page",
                )
            except Unavailable:
                response = page(
                    request.app.state.identity,
                    "message.html",
                    code=status.HTTP_503_SERVICE_UNAVAILABLE,
                    title="Logging in is not possible right now",
                    text="The server that knows the users does not answer. Stations charge on as planned."
                    " Try again in a moment.",
                    link=address_of_page(request) if request.method == "GET" else "/",
                    link_text="Try again",
                )
                response.headers["Retry-After"] = "5"
                return response

        return handle_for_people
