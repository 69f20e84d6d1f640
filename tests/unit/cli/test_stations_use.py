"""``twinev stations block``, ``unblock``, ``remove``, ``new-key`` and ``rotate-key`` say what they did."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from twinev.cli import stations
from twinev.wire.rest.stations import KeyRotated


class Recording:
    """A client that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.key: str | None = "0123456789abcdef"
        self.rotated: KeyRotated | None = None

    def block_station(self, station_id: str, *, reason: str) -> None:
        self.asked.append(("block", station_id, reason))

    def unblock_station(self, station_id: str) -> None:
        self.asked.append(("unblock", station_id))

    def remove_station(self, station_id: str) -> None:
        self.asked.append(("remove", station_id))

    def issue_key(self, station_id: str) -> SimpleNamespace:
        return SimpleNamespace(key=self.key)

    def rotate_key(self, station_id: str) -> KeyRotated:
        return self.rotated


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


@pytest.mark.parametrize(
    ("outcome", "told", "exit_code", "meaning"),
    [
        ("accepted", True, 0, "goes on with its new key"),
        ("rejected", True, 1, "goes on with the key that it has"),
        ("offline", True, 1, "both the old and the new are valid"),
        ("offline", False, 1, "not told a new key: the key that it has stays valid"),
    ],
)
def test_rotate_key_tells_which_key_is_valid(client, outcome, told, exit_code, meaning):
    client.rotated = KeyRotated(station_id="A", outcome=outcome, status=None, detail=None, told=told)

    done = said("rotate-key", "A")

    assert done.exit_code == exit_code
    assert meaning in done.output
    assert ("Nobody knows" in done.output) == ("both" in meaning)
