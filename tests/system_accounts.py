"""People at a running system: the typed client of a demo account, or of an account that is made for a test."""

from __future__ import annotations

import secrets

import httpx
from running_system import RunningSystem

from twinev.client import Client


def client_of(running: RunningSystem, role: str, *, app: str = "acceptance") -> Client:
    """The demo account of ``role``; it logs in again by itself where its token has run out."""
    account = running.account(role)
    who = {"username": account["username"], "password": account["password"], "token": running.token(role)}
    return Client(running.api_url, **who, app=app)


def newcomer(running: RunningSystem, username: str, role: str = "driver") -> Client:
    """An account that an administrator has just made."""
    password = secrets.token_urlsafe(16)
    body = {"username": username, "password": password, "roles": [role]}
    headers = {"Authorization": f"Bearer {running.token('administrator')}"}
    httpx.post(f"{running.api_url}/api/v1/users", json=body, headers=headers, trust_env=False).raise_for_status()
    return Client(running.api_url, username=username, password=password, app="acceptance")


def may_charge(driver: Client) -> None:
    """Accept the terms in force and sign a contract, where the operator has published any."""
    terms = driver.terms()
    for one in terms:
        driver.accept_terms(one.id, one.version)
    if terms and not driver.contracts():
        driver.sign_contract()
