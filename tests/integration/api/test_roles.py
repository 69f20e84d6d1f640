"""Who may do what: every operation of the OpenAPI document, by every role and by nobody, against the API as wired."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from twinev.domain.users import Role

STAFF = {Role.GRID_OPERATOR, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}
OPERATORS = {Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}
DRIVING = {Role.DRIVER, *OPERATORS}
RESTRICTING = {Role.GRID_OPERATOR, Role.ADMINISTRATOR}
ADMINISTRATORS = {Role.ADMINISTRATOR}
ANYBODY_LOGGED_IN = set(Role)
#: No login is needed: it is what one logs in with, or says nothing but that the parts are well.
OPEN = {*Role, None}

ALLOWED = {
    "GET /api/v1/sites": STAFF,
    "GET /api/v1/sites/{site_id}": STAFF,
    "PUT /api/v1/sites/{site_id}": OPERATORS,
    "PATCH /api/v1/sites/{site_id}": OPERATORS,
    "GET /api/v1/stations": STAFF,
    "POST /api/v1/stations": OPERATORS,
    "GET /api/v1/stations/{station_id}": STAFF,
    "PATCH /api/v1/stations/{station_id}": OPERATORS,
    "DELETE /api/v1/stations/{station_id}": OPERATORS,
    "POST /api/v1/stations/{station_id}/block": OPERATORS,
    "POST /api/v1/stations/{station_id}/unblock": OPERATORS,
    "POST /api/v1/stations/{station_id}/keys": OPERATORS,
    "GET /api/v1/availability": OPEN,
    "GET /api/v1/availability/events": OPEN,
    "GET /api/v1/audit": ADMINISTRATORS,
    "GET /api/v1/sessions": ANYBODY_LOGGED_IN,
    "POST /api/v1/sessions": DRIVING,
    "POST /api/v1/sessions/preview": DRIVING,
    "GET /api/v1/sessions/{session_id}": ANYBODY_LOGGED_IN,
    "PATCH /api/v1/sessions/{session_id}": DRIVING,
    "POST /api/v1/sessions/{session_id}/stop": DRIVING,
    "GET /api/v1/sessions/{session_id}/meter-values": ANYBODY_LOGGED_IN,
    "GET /api/v1/sessions/{session_id}/progress": ANYBODY_LOGGED_IN,
    "GET /api/v1/sessions/{session_id}/course": ANYBODY_LOGGED_IN,
    "GET /api/v1/sessions/{session_id}/progress/events": ANYBODY_LOGGED_IN,
    "GET /api/v1/reservations": DRIVING,
    "POST /api/v1/reservations": DRIVING,
    "GET /api/v1/reservations/allowance": DRIVING,
    "GET /api/v1/reservations/{reservation_id}": DRIVING,
    "DELETE /api/v1/reservations/{reservation_id}": DRIVING,
    "GET /api/v1/stations/{station_id}/access": OPERATORS,
    "PUT /api/v1/stations/{station_id}/access/{user_id}": OPERATORS,
    "DELETE /api/v1/stations/{station_id}/access/{user_id}": OPERATORS,
    "GET /api/v1/vehicles": DRIVING,
    "POST /api/v1/vehicles": DRIVING,
    "GET /api/v1/vehicles/{vehicle_id}": DRIVING,
    "PATCH /api/v1/vehicles/{vehicle_id}": DRIVING,
    "DELETE /api/v1/vehicles/{vehicle_id}": DRIVING,
    "GET /api/v1/vehicles/{vehicle_id}/reservations": DRIVING,
    "POST /api/v1/vehicles/{vehicle_id}/reservations": DRIVING,
    "GET /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}": DRIVING,
    "DELETE /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}": DRIVING,
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/pick-up": DRIVING,
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/return": DRIVING,
    "GET /api/v1/preferences": DRIVING,
    "PATCH /api/v1/preferences": DRIVING,
    "GET /api/v1/commands": STAFF,
    "GET /api/v1/commands/{command_id}": STAFF,
    "POST /api/v1/commands/{command_id}/retries": OPERATORS,
    "POST /api/v1/stations/{station_id}/composite-schedules": OPERATORS,
    "POST /api/v1/stations/{station_id}/commands": OPERATORS,
    "POST /api/v1/stations/{station_id}/key-rotations": OPERATORS,
    "GET /api/v1/stations/{station_id}/limits": STAFF,
    "GET /api/v1/stations/{station_id}/meter-values": STAFF,
    "GET /api/v1/stations/{station_id}/reports": OPERATORS,
    "PUT /api/v1/id-tokens/{id_token}": OPERATORS,
    "GET /api/v1/series/{kind}/{subject}": STAFF,
    "PUT /api/v1/series/{kind}/{subject}": OPERATORS,
    "GET /api/v1/plans": STAFF,
    "POST /api/v1/plans": STAFF,
    "GET /api/v1/plans/{plan_id}": STAFF,
    "GET /api/v1/plans/compare": STAFF,
    "POST /api/v1/plans/{plan_id}/reproductions": STAFF,
    "GET /api/v1/events": ANYBODY_LOGGED_IN,
    "GET /api/v1/health": OPEN,
    "POST /api/v1/auth/login": OPEN,
    "GET /api/v1/auth/methods": OPEN,
    "POST /api/v1/auth/backchannel-logout": OPEN,
    "POST /api/v1/auth/renew": ANYBODY_LOGGED_IN,
    "POST /api/v1/auth/logout": ANYBODY_LOGGED_IN,
    "GET /api/v1/auth/me": ANYBODY_LOGGED_IN,
    "PATCH /api/v1/auth/me": ANYBODY_LOGGED_IN,
    "GET /api/v1/auth/session": ANYBODY_LOGGED_IN,
    "POST /api/v1/auth/password": ANYBODY_LOGGED_IN,
    "POST /api/v1/auth/tickets": ANYBODY_LOGGED_IN,
    "POST /api/v1/auth/tickets/redeem": OPEN,
    "GET /api/v1/users": ADMINISTRATORS,
    "POST /api/v1/users": ADMINISTRATORS,
    "GET /api/v1/users/{user_id}": ADMINISTRATORS,
    "PATCH /api/v1/users/{user_id}": ADMINISTRATORS,
    "POST /api/v1/users/{user_id}/password-reset": ADMINISTRATORS,
    "GET /api/v1/restrictions": STAFF,
    "POST /api/v1/restrictions": RESTRICTING,
    "POST /api/v1/restrictions/preview": RESTRICTING,
    "GET /api/v1/restrictions/{restriction_id}": STAFF,
    "PATCH /api/v1/restrictions/{restriction_id}": RESTRICTING,
    "DELETE /api/v1/restrictions/{restriction_id}": RESTRICTING,
    "GET /api/v1/restrictions/{restriction_id}/history": STAFF,
    "GET /api/v1/restrictions/{restriction_id}/measured": STAFF,
    "GET /api/v1/restrictions/export": STAFF,
    "GET /api/v1/flexibility-orders": STAFF,
    "POST /api/v1/flexibility-orders": RESTRICTING,
    "GET /api/v1/flexibility-orders/{order_id}": STAFF,
    "DELETE /api/v1/flexibility-orders/{order_id}": RESTRICTING,
    "POST /api/v1/recommendations": OPEN,
    "GET /api/v1/metrics": OPEN,
    "GET /api/v1/metrics/staff": STAFF,
    "GET /api/v1/analysis": OPERATORS,
    "GET /api/v1/analysis/months": OPERATORS,
    "GET /api/v1/analysis/export": OPERATORS,
    "GET /api/v1/dead-letters": ADMINISTRATORS,
    "GET /api/v1/tariffs": OPEN,
    "POST /api/v1/tariffs": OPERATORS,
    "GET /api/v1/tariffs/at": OPEN,
    "GET /api/v1/tariffs/estimate": OPEN,
    "GET /api/v1/tariffs/assignments": OPERATORS,
    "POST /api/v1/tariffs/assignments": OPERATORS,
    "GET /api/v1/tariffs/{tariff_id}": OPEN,
    "GET /api/v1/tariffs/{tariff_id}/versions": OPEN,
    "POST /api/v1/tariffs/{tariff_id}/versions": OPERATORS,
    "GET /api/v1/contracts": ANYBODY_LOGGED_IN,
    "POST /api/v1/contracts": ANYBODY_LOGGED_IN,
    "GET /api/v1/contracts/{contract_id}": ANYBODY_LOGGED_IN,
    "PATCH /api/v1/contracts/{contract_id}": ANYBODY_LOGGED_IN,
    "GET /api/v1/terms": OPEN,
    "GET /api/v1/terms/acceptances": ANYBODY_LOGGED_IN,
    "GET /api/v1/terms/{terms_id}": OPEN,
    "GET /api/v1/terms/{terms_id}/versions": OPEN,
    "POST /api/v1/terms/{terms_id}/versions": OPERATORS,
    "POST /api/v1/terms/{terms_id}/acceptances": ANYBODY_LOGGED_IN,
    "GET /api/v1/cdrs": ANYBODY_LOGGED_IN,
    "GET /api/v1/cdrs/{cdr_id}": ANYBODY_LOGGED_IN,
    "GET /api/v1/cdrs/{cdr_id}/payments": ANYBODY_LOGGED_IN,
    "POST /api/v1/cdrs/{cdr_id}/payments": OPERATORS,
    "GET /api/v1/sessions/{session_id}/cost": ANYBODY_LOGGED_IN,
    "GET /api/v1/ocpi-partners": OPERATORS,
    "POST /api/v1/ocpi-partners": OPERATORS,
    "DELETE /api/v1/ocpi-partners/{partner_id}": OPERATORS,
    "GET /api/v1/ocpi-partners/{partner_id}/tokens": OPERATORS,
    "PUT /api/v1/ocpi-partners/{partner_id}/tokens/{id_token}": OPERATORS,
}
#: A credential of its own kind is wrong here, whoever sends it: 401 and 403 say nothing of the role.
TAKES_A_CREDENTIAL = {"POST /api/v1/auth/login", "POST /api/v1/auth/tickets/redeem", "POST /api/v1/auth/tickets"}
#: Its answer never ends; that staff hears events is shown with the events themselves.
ENDLESS = {"GET /api/v1/events", "GET /api/v1/availability/events"}
#: They read what NATS keeps, and here is none: who may ask is told so.
NEEDS_NATS = {"GET /api/v1/dead-letters"}


def test_every_operation_has_its_roles_in_the_table(wired):
    assert wired.operations() == set(ALLOWED)


@pytest.mark.parametrize("operation", sorted(set(ALLOWED) - TAKES_A_CREDENTIAL))
def test_only_who_may_gets_past_the_door(wired, operation):
    allowed = ALLOWED[operation]
    for role in (None, *Role):
        if operation in ENDLESS and role in allowed:
            continue

        status = wired.ask(operation, role, **_body_of(operation))

        if role in allowed:
            assert status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN), (operation, role)
            no_nats = operation in NEEDS_NATS and status == HTTPStatus.SERVICE_UNAVAILABLE
            assert no_nats or status < HTTPStatus.INTERNAL_SERVER_ERROR, (operation, role)
        else:
            assert status == (HTTPStatus.UNAUTHORIZED if role is None else HTTPStatus.FORBIDDEN), (operation, role)


@pytest.mark.parametrize("operation", sorted(ALLOWED))
@pytest.mark.parametrize("header", ["Bearer forged", "Bearer ", "Basic YTpi", "Bearer a.b.c"])
def test_forged_login_is_no_login(wired, operation, header):
    if None in ALLOWED[operation]:
        return
    assert wired.ask(operation, None, headers={"Authorization": header}) == HTTPStatus.UNAUTHORIZED


def _body_of(operation: str) -> dict[str, Any]:
    return {} if operation.startswith(("GET", "DELETE")) else {"json": {}}
