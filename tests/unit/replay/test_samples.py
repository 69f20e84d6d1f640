"""The committed samples are what their script makes."""

from __future__ import annotations

import runpy

from twinev.adapters.feeds.acn_data import load_acn_sessions
from twinev.adapters.feeds.prices import load_prices


def test_samples_are_what_their_script_makes(samples, monkeypatch, tmp_path):
    script = runpy.run_path(str(samples / "make.py"))
    monkeypatch.setitem(script["main"].__globals__, "FOLDER", tmp_path)

    script["main"]()

    for name in ("car_park_2026-11-16.json", "prices_2026-11.csv"):
        assert (tmp_path / name).read_bytes() == (samples / name).read_bytes()


def test_samples_can_be_read(samples):
    sessions = load_acn_sessions(samples / "car_park_2026-11-16.json")
    prices = load_prices(samples / "prices_2026-11.csv")

    assert len(sessions) == 41
    assert all(prices.at(session.disconnected_at) is not None for session in sessions)


def test_sample_evs_never_share_a_station(samples):
    sessions = load_acn_sessions(samples / "car_park_2026-11-16.json")
    by_station = {}
    for session in sessions:
        assert by_station.get(session.station_id, session.connected_at) <= session.connected_at
        by_station[session.station_id] = session.disconnected_at
