"""Adds routes so that each needs one turn in a thread: its snapshot is opened there, read and closed.

To change threads costs about as much as a small query, and FastAPI does so four times for a route that is a plain
function: for a dependency that opens something, for the route, to check what it answered, and to close. Here the route
is wrapped in a coroutine that goes once.

The routes stand in the application's own list, not in routers within it: to find one takes less time then.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from twinev.api.turns import Snapshot

# Nothing stands in for a dependency here, so the routes need no application that would name it.
_OTHERS = ("path", "endpoint", "dependency_overrides_provider")
_GIVEN = [name for name in inspect.signature(APIRoute).parameters if name not in _OTHERS]
# By the router's id, and with the router itself: while it is kept, nothing else has that id.
_MADE: dict[int, tuple[APIRouter, list[BaseRoute]]] = {}


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Have the application answer what ``router`` answers, with as few turns in threads as can be."""
    # Made once in a process, for all applications: to read the signatures of all routes takes half a second.
    router_and_routes = _MADE.get(id(router)) or (router, [_made(route) for route in router.routes])
    _MADE[id(router)] = router_and_routes
    app.router.routes.extend(router_and_routes[1])


def _made(route: BaseRoute) -> BaseRoute:
    if not isinstance(route, APIRoute):
        return route
    given = {name: getattr(route, name) for name in _GIVEN}
    return type(route)(route.path, in_one_turn(route.endpoint), **given)


def in_one_turn(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return ``endpoint`` as a coroutine function that carries it out in a thread, its snapshots open meanwhile."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def carried_out(**given: Any) -> Any:
        snapshots = {name: value for name, value in given.items() if isinstance(value, Snapshot)}
        if not snapshots:
            return await run_in_threadpool(partial(endpoint, **given))
        ((name, snapshot),) = snapshots.items()
        if snapshot.at_once:
            return _with_snapshot(endpoint, given, name, snapshot)
        async with snapshot.turn:
            return await run_in_threadpool(_with_snapshot, endpoint, given, name, snapshot)

    return carried_out


def _with_snapshot(endpoint: Callable[..., Any], given: dict[str, Any], name: str, snapshot: Snapshot) -> Any:
    with snapshot.reading() as work:
        return endpoint(**{**given, name: work})
