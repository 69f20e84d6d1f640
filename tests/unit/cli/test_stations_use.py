"""``twinev stations block``, ``unblock``, ``remove`` and ``new-key`` say what they did."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from twinev.cli import stations


class Recording:
    """A client that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.key: str | None = "0123456789abcdef"

    def block_station(self, station_id: str, *, reason: str) -> None:
        self.asked.append(("block", station_id, reason))

    def unblock_station(self, station_id: str) -> None:
        self.asked.append(("unblock", station_id))

    def remove_station(self, station_id: str) -> None:
        self.asked.append(("remove", station_id))

    def issue_key(self, station_id: str) -> SimpleNamespace:
        return SimpleNamespace(key=self.key)


@pytest.fixture
def client(monkeypatch) -> Recording:
    recording = Recording()

    @contextmanager
    def operator_client(_settings):
        yield recording

    monkeypatch.setattr(stations, "operator_client", operator_client)
    return recording


def said(*arguments: str, answer: str | None = None):
    return CliRunner().invoke(stations.app, list(arguments), input=answer)


def test_block_tells_the_reason(client):
    done = said("block", "A", "--reason", "cable damaged")

    assert done.exit_code == 0
    assert "blocked: cable damaged" in done.output
    assert client.asked == [("block", "A", "cable damaged")]


def test_block_needs_a_reason(client):
    assert said("block", "A").exit_code == 2
    assert client.asked == []


def test_unblock_lets_in_again(client):
    assert said("unblock", "A").exit_code == 0
    assert client.asked == [("unblock", "A")]


def test_remove_asks_first(client):
    assert said("remove", "A", answer="n\n").exit_code == 1
    assert client.asked == []
    assert said("remove", "A", answer="y\n").exit_code == 0
    assert said("remove", "B", "--yes").exit_code == 0
    assert client.asked == [("remove", "A"), ("remove", "B")]


def test_new_key_is_printed_once_or_said_to_have_been(client):
    assert "0123456789abcdef" in said("new-key", "A").output
    client.key = None
    assert "told once already" in said("new-key", "A").output
