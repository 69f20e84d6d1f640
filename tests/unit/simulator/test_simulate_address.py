"""`twinev simulate` refuses what is no address of a CSMS."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from twinev.cli.simulate import app
from twinev.errors import BadInput


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "127.0.0.1:9000", "ws://", "ws:///ocpp"])
def test_simulate_refuses_what_is_no_websocket_address(url: str) -> None:
    ended = CliRunner().invoke(app, ["--url", url])

    assert isinstance(ended.exception, BadInput)
    assert ended.exception.key == "url"
