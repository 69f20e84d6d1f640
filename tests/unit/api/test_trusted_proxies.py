"""Where a request comes from: the socket's other end, unless that is a proxy that the settings name."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from twinev.errors import BadInput
from twinev.settings import Settings
from twinev.wiring.api import proxy_options

CLIENT = "203.0.113.7"


def address_seen(trusted: str, *, peer: str = "10.0.0.2", forwarded: str = CLIENT) -> str:
    """What the application takes for the caller's address, behind what uvicorn puts before it."""
    app = FastAPI()

    @app.get("/")
    def address(request: Request) -> str:
        return request.client.host

    config = uvicorn.Config(app, **proxy_options(Settings(_env_file=None, trusted_proxies=trusted)))
    config.load()

    async def ask() -> str:
        transport = httpx.ASGITransport(app=config.loaded_app, client=(peer, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return (await client.get("/", headers={"X-Forwarded-For": forwarded})).json()

    return asyncio.run(ask())


def test_forwarded_address_is_not_believed_by_default():
    assert address_seen("") == "10.0.0.2"


def test_forwarded_address_is_not_believed_of_a_stranger():
    assert address_seen("10.0.0.9") == "10.0.0.2"


@pytest.mark.parametrize("trusted", ["10.0.0.2", "10.0.0.0/24", "192.168.1.1, 10.0.0.2"])
def test_forwarded_address_is_believed_of_a_proxy_that_is_named(trusted):
    assert address_seen(trusted) == CLIENT


def test_forwarded_address_that_a_client_made_up_before_the_proxy_is_not_believed():
    assert address_seen("10.0.0.2", forwarded=f"198.51.100.1, {CLIENT}") == CLIENT


def test_everybody_cannot_be_a_proxy():
    with pytest.raises(BadInput, match="TWINEV_TRUSTED_PROXIES"):
        proxy_options(Settings(_env_file=None, trusted_proxies="*"))
