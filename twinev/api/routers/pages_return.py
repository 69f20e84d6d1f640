"""Where the identity server sends a browser back to after a login."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import Response

from twinev.api.pages import PageRoute, page
from twinev.api.routers.auth import Desk
from twinev.api.routers.pages_login import enter
from twinev.errors import NotAuthenticated, NotFound

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_log = logging.getLogger(__name__)


@router.get("/login/callback", response_model=None)
def come_back(
    request: Request,
    desk: Desk,
    code: Annotated[str, Query(max_length=2048)] = "",
    state: Annotated[str, Query(max_length=128)] = "",
    error: Annotated[str, Query(max_length=128)] = "",
) -> Response:
    """Exchange the code, set the session's cookie and go on to where the person was."""
    if desk.elsewhere is None:
        raise NotFound("page", "login/callback")
    try:
        if error:
            # Not repeated: what stands in an address may come from anybody.
            raise NotAuthenticated("the identity server did not log anybody in")
        sealed = request.cookies.get(desk.try_cookie_name(state))
        returned = desk.elsewhere.finish(code=code, state=state, sealed=sealed)
    except NotAuthenticated as refusal:
        _log.warning("a login at the identity server came to nothing: %s", refusal)
        login = desk.visitor(request)
        if login is not None:
            return page(desk, "logged_in.html", user=login.user, next_address="/")
        return page(
            desk,
            "message.html",
            code=status.HTTP_401_UNAUTHORIZED,
            title="That login did not work",
            text="It took too long, was finished already, or was begun in another browser.",
            link="/login",
            link_text="Log in again",
        )
    response = enter(request, desk, returned.opened, returned.next_address)
    desk.forget_try(response, state)
    return response
