"""Writes who may do what into docs/security.md: every route, page and dashboard by every role, as the tests try them.

    .venv/bin/python tests/route_roles.py docs/security.md

replaces what stands between the table's two marks in that file; with ``--check`` it only compares. The lists are those
of `FOLDER`, whose tests ask the application as wired for every line of them, and fail for a route that has none.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from twinev.domain.users import Role

FOLDER = Path(__file__).parent / "integration" / "api"
BEGIN, END = "<!-- routes and roles: begin -->", "<!-- routes and roles: end -->"
CALLERS = (None, Role.DRIVER, Role.GRID_OPERATOR, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR)
HEADS = ("nobody", "driver", "grid operator", "charge point operator", "administrator")
YES, OWN_ONLY, LOGIN = "✓", "own", "login"
LEGEND = """\
- ✓: gets past the door; what comes of it depends on the body and the ids, and an id of nothing answers 404.
- own: only what is the caller's own (of vehicles also those that are shared); other people's ids answer 404.
- 401: no login, or none that counts. 403: another role.
- login: leads to the login page and, from a page that was only looked at, back.

A route that itself takes a password, a ticket or a form's token refuses a wrong one, whoever sends it; ✓ is with a good
one. The event streams never end: that they open is shown in the tests of events."""


def lists_of(module: str, name: str) -> Any:
    """A list of one of the tests' modules."""
    spec = importlib.util.spec_from_file_location(f"lists_of_{module}", FOLDER / f"{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return getattr(loaded, name)


def table() -> str:
    """The whole text between the marks."""
    allowed, own = lists_of("test_roles", "ALLOWED"), lists_of("test_second_driver", "OWN")
    pages, refusal_of = lists_of("test_page_roles", "PAGES"), lists_of("test_page_roles", "refusal_of")
    rest = {route: [_cell(role, who, own.get(route, ()), _rest_refusal(role)) for role in CALLERS]
            for route, who in allowed.items()}  # fmt: skip
    people = {route: [_cell(role, who, own.get(route, ()), refusal_of(route, role)) for role in CALLERS]
              for route, who in pages.items()}  # fmt: skip
    ocpi = {route: ["401", "401", YES] for route in lists_of("test_page_roles", "OCPI")}
    parts = [LEGEND, "### REST"]
    for resource, routes in groupby(sorted(rest, key=_by_resource), key=_resource):
        parts += [f"#### {resource}", _rows(HEADS, {route: rest[route] for route in routes})]
    parts += ["### Pages", _rows(HEADS, people)]
    parts += ["### Dashboards", _rows(HEADS, _dashboards())]
    parts += ["### OCPI", _rows(("nobody, or a token that was revoked", "any role's login", "partner's token"), ocpi)]
    return "\n\n".join(parts)


def _cell(role: Role | None, who: Iterable[Role | None], own: Iterable[Role], refusal: int) -> str:
    if role not in who:
        return LOGIN if refusal == 303 else str(int(refusal))
    return OWN_ONLY if role in own else YES


def _rest_refusal(role: Role | None) -> int:
    return 401 if role is None else 403


def _dashboards() -> dict[str, list[str]]:
    """A dashboard without a login leads to it, as a page does."""
    pages = lists_of("test_page_roles", "DASHBOARD_PAGES")
    return {
        route: [_cell(role, who, (), 303 if role is None else 403) for role in CALLERS] for route, who in pages.items()
    }


def _resource(route: str) -> str:
    return route.split("/")[3]


def _by_resource(route: str) -> tuple[str, str, str]:
    method, path = route.split(" ")
    return _resource(route), path, method


def _rows(heads: Iterable[str], rows: dict[str, list[str]]) -> str:
    heads = list(heads)
    lines = [f"| | {' | '.join(heads)} |", "|---" + "|:-:" * len(heads) + "|"]
    lines += [f"| `{route}` | {' | '.join(cells)} |" for route, cells in rows.items()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    before, rest = options.path.read_text(encoding="utf-8").split(BEGIN)
    within, after = rest.split(END)
    if not options.check:
        options.path.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")
        return 0
    current = within.strip() == table()
    remedy = f"run {sys.executable} {sys.argv[0]} {options.path}"
    print(f"{options.path} is up to date" if current else f"{options.path} is out of date: {remedy}")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
