"""Who may open what beside the REST API: every page by every role in a browser, every address of OCPI by partners."""

from __future__ import annotations

import base64
from http import HTTPStatus

import pytest

from twinev.domain.dashboards import DASHBOARDS
from twinev.domain.ocpi_partner import PartyId
from twinev.domain.users import Role, User
from twinev.services.admit_partner import admit_partner, revoke_partner

ADMINISTRATORS = {Role.ADMINISTRATOR}
OPERATORS = {Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}
ANYBODY_LOGGED_IN = set(Role)
OPEN = {*Role, None}
#: Drivers, and who runs the charge points.
DRIVING = {Role.DRIVER, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}

PAGES = {
    "GET /": ANYBODY_LOGGED_IN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "GET /login/callback": OPEN,
    "GET /logout": ANYBODY_LOGGED_IN,
    "POST /logout": ANYBODY_LOGGED_IN,
    "GET /logged-out": OPEN,
    "GET /password": OPEN,
    "POST /password": OPEN,
    "GET /ticket": ANYBODY_LOGGED_IN,
    "POST /ticket": ANYBODY_LOGGED_IN,
    "GET /admin/users": ADMINISTRATORS,
    "POST /admin/users": ADMINISTRATORS,
    "GET /admin/users/{user_id}": ADMINISTRATORS,
    "POST /admin/users/{user_id}": ADMINISTRATORS,
    "POST /admin/users/{user_id}/password": ADMINISTRATORS,
    "GET /api/v1/cdrs/{cdr_id}/receipt": ANYBODY_LOGGED_IN,
    "GET /api/v1/analysis/report": OPERATORS,
    "GET /assets/pages.css": OPEN,
    "GET /assets/driver/{version}/{name}": OPEN,
    "GET /app": OPEN,
    "GET /app/sessions": DRIVING,
    "GET /app/sessions/start": DRIVING,
    "GET /app/sessions/{session_id}": DRIVING,
    "GET /app/history": DRIVING,
    "GET /app/vehicles": DRIVING,
    "GET /app/vehicles/new": DRIVING,
    "GET /app/vehicles/{vehicle_id}": DRIVING,
    "GET /app/vehicles/{vehicle_id}/reserve": DRIVING,
    "GET /app/profile": DRIVING,
    "GET /app/profile/account": DRIVING,
    "GET /app/profile/preferences": DRIVING,
    "GET /app/profile/contract": DRIVING,
    "GET /app/places": OPEN,
    "GET /app/search": DRIVING,
    "GET /app/stations/{station_id}": OPEN,
    "POST /app/stations/{station_id}/reserve": DRIVING,
    "GET /app/reservations": DRIVING,
    "POST /app/reservations/{reservation_id}/cancel": DRIVING,
    "GET /app/offline": OPEN,
    "GET /app/manifest.webmanifest": OPEN,
    "GET /app/service_worker.js": OPEN,
    "GET /api/docs": OPEN,
    "GET /api/openapi.json": OPEN,
}
#: At the dashboards' own port, whose server is asked in the tests of identity.
DASHBOARD_PAGES = {
    "GET /voila/render/grid_operators.ipynb": {Role.GRID_OPERATOR, Role.ADMINISTRATOR},
    "GET /voila/render/charge_points.ipynb": {Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR},
}
OCPI = (
    "GET /ocpi/versions",
    "GET /ocpi/2.2.1",
    "GET /ocpi/2.2.1/credentials",
    "GET /ocpi/2.2.1/locations",
    "GET /ocpi/2.2.1/locations/{location_id}",
    "GET /ocpi/2.2.1/locations/{location_id}/{evse_uid}",
    "GET /ocpi/2.2.1/locations/{location_id}/{evse_uid}/{connector_id}",
    "GET /ocpi/2.2.1/tariffs",
    "GET /ocpi/2.2.1/sessions",
    "GET /ocpi/2.2.1/cdrs",
)
#: Without a form of its own it refuses everybody alike: 403 says nothing of the role.
TAKES_A_CREDENTIAL = {"POST /login", "POST /password"}
#: What leads to the login afterwards, also when it was done.
LEADS_TO_THE_LOGIN = {"POST /logout"}


def refusal_of(route: str, role: Role | None) -> int:
    """The status for who may not: a page leads to the login and back, a form that was sent says that it ended."""
    if role is not None:
        return HTTPStatus.FORBIDDEN
    leads_on = route.startswith("GET") or route in LEADS_TO_THE_LOGIN
    return HTTPStatus.SEE_OTHER if leads_on else HTTPStatus.UNAUTHORIZED


def test_every_page_and_every_address_of_ocpi_is_listed(wired):
    assert wired.routes() - wired.operations() == {*PAGES, *OCPI}


def test_every_dashboard_is_listed_and_offered_to_its_roles_only(wired):
    assert {f"GET {each.path}" for each in DASHBOARDS} == set(DASHBOARD_PAGES)
    for route, roles in DASHBOARD_PAGES.items():
        offered = {role for role in Role if route.removeprefix("GET ") in wired.browse("GET /", role).text}
        assert offered == roles


@pytest.mark.parametrize("route", sorted(set(PAGES) - TAKES_A_CREDENTIAL))
def test_only_who_may_opens_a_page(wired, route):
    for role in (None, *Role):
        answer = wired.browse(route, role)

        to_login = answer.headers.get("location", "").startswith("/login")
        if role in PAGES[route]:
            assert answer.status_code not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN), role
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, role
            assert to_login == (route in LEADS_TO_THE_LOGIN), role
        else:
            assert answer.status_code == refusal_of(route, role), role
            assert to_login == (answer.status_code == HTTPStatus.SEE_OTHER), role


@pytest.mark.parametrize("role", sorted(set(Role) - ADMINISTRATORS))
def test_users_page_makes_and_changes_nobody_for_others(wired, role):
    before = wired.app.state.identity.users.list()
    mine = next(known.user.id for known in before if role in known.user.roles)
    form = {"username": "mallory", "role": "administrator"}

    answers = [
        wired.browse(f"POST /admin/users{path}", role, form=form).status_code
        for path in ("", f"/{mine}", f"/{mine}/password")
    ]

    assert answers == [HTTPStatus.FORBIDDEN] * 3
    assert wired.app.state.identity.users.list() == before


@pytest.fixture(scope="module")
def ocpi_tokens(wired) -> dict[str, str]:
    """A partner's token, and one that was revoked."""
    parts, tokens = wired.parts, {}
    for name, party_id in (("partner", "ABC"), ("revoked", "XYZ")):
        partner, tokens[name] = admit_partner(
            name,
            PartyId(country_code="NL", party_id=party_id),
            user=User(id="o", username="operator", roles=frozenset({Role.CHARGE_POINT_OPERATOR})),
            unit_of_work=parts.database.unit_of_work,
            clock=parts.clock,
            secret_key=parts.secret,
        )
        if name == "revoked":
            with parts.database.unit_of_work() as work:
                revoke_partner(partner.id, work=work, clock=parts.clock)
                work.commit()
    return tokens


@pytest.mark.parametrize("route", OCPI)
def test_ocpi_opens_for_partners_only(wired, ocpi_tokens, route):
    def with_token(token: str) -> int:
        header = f"Token {base64.b64encode(token.encode()).decode()}"
        return wired.ask(route, None, headers={"Authorization": header})

    passed = with_token(ocpi_tokens["partner"])
    assert passed == (HTTPStatus.NOT_FOUND if "{" in route else HTTPStatus.OK)
    assert with_token(ocpi_tokens["revoked"]) == HTTPStatus.UNAUTHORIZED
    assert with_token("guessed") == HTTPStatus.UNAUTHORIZED
    for role in (None, *Role):
        assert wired.ask(route, role) == HTTPStatus.UNAUTHORIZED, role
        assert wired.browse(route, role).status_code == HTTPStatus.UNAUTHORIZED, role
