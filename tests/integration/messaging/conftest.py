"""A real NATS server for each test that asks for one, on a free port, ended by the test that started it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nats_process import NatsProcess, running_nats


@pytest.fixture
def another_server(tmp_path: Path) -> Iterator[NatsProcess]:
    with running_nats(tmp_path / "another") as server:
        yield server


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsProcess]:
    with running_nats(tmp_path / "nats") as server:
        yield server
