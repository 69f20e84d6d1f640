"""Sessions in ACN-Data's format: what is read, and how what cannot be read is named."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twinev.adapters.feeds.acn_data import load_acn_sessions
from twinev.errors import BadInput

ITEM = {
    "_id": "1",
    "sessionID": "S1",
    "stationID": "CP-1",
    "timezone": "America/Los_Angeles",
    "connectionTime": "Tue, 03 Aug 2021 15:20:00 GMT",
    "disconnectTime": "Tue, 03 Aug 2021 19:20:00 GMT",
    "doneChargingTime": None,
    "kWhDelivered": 12.5,
    "userID": "000000915",
    "userInputs": [
        {
            "kWhRequested": 20.0,
            "requestedDeparture": "Tue, 03 Aug 2021 20:00:00 GMT",
            "minutesAvailable": 280,
            "modifiedAt": "Tue, 03 Aug 2021 15:21:00 GMT",
        }
    ],
}


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_acn_session_is_read_with_its_times_in_utc(tmp_path):
    [session] = load_acn_sessions(write(tmp_path / "s.json", [ITEM]))

    assert session.connected_at == datetime(2021, 8, 3, 15, 20, tzinfo=UTC)
    assert (session.id, session.station_id, session.driver_id) == ("S1", "CP-1", "000000915")
    assert session.delivered_kwh == 12.5
    assert session.inputs[0].energy_kwh == 20.0
    assert session.inputs[0].departure_at == datetime(2021, 8, 3, 20, tzinfo=UTC)
    assert session.inputs[0].told_at == datetime(2021, 8, 3, 15, 21, tzinfo=UTC)


@pytest.mark.parametrize("content", [[ITEM], {"_items": [ITEM], "_meta": {"total": 1}}])
def test_acn_file_may_be_a_list_or_an_answer_of_the_api(tmp_path, content):
    assert len(load_acn_sessions(write(tmp_path / "s.json", content))) == 1


def test_acn_file_is_unpacked_by_its_first_bytes_whatever_its_name(tmp_path):
    path = tmp_path / "sessions"
    path.write_bytes(gzip.compress(json.dumps([ITEM]).encode()))

    assert len(load_acn_sessions(path)) == 1


def test_acn_sessions_come_in_order_of_arrival(tmp_path):
    earlier = ITEM | {"sessionID": "S0", "connectionTime": "Tue, 03 Aug 2021 15:19:00 GMT"}

    assert [s.id for s in load_acn_sessions(write(tmp_path / "s.json", [ITEM, earlier]))] == ["S0", "S1"]


def test_departure_is_made_of_the_minutes_where_the_driver_gave_no_time(tmp_path):
    said = {"kWhRequested": 20.0, "minutesAvailable": 90, "modifiedAt": "Tue, 03 Aug 2021 15:21:00 GMT"}

    [session] = load_acn_sessions(write(tmp_path / "s.json", [ITEM | {"userInputs": [said]}]))

    assert session.inputs[0].departure_at == datetime(2021, 8, 3, 16, 50, tzinfo=UTC)


def test_session_without_inputs_is_kept(tmp_path):
    [session] = load_acn_sessions(write(tmp_path / "s.json", [ITEM | {"userInputs": None, "userID": None}]))

    assert session.inputs == ()
    assert session.driver_id is None


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("connectionTime", "yesterday", "session 0.connectionTime"),
        ("connectionTime", None, "session 0.connectionTime"),
        ("disconnectTime", "2021-08-03T19:20:00", "session 0.disconnectTime"),
        ("kWhDelivered", "12", "session 0.kWhDelivered"),
        ("kWhDelivered", None, "session 0.kWhDelivered"),
        ("timezone", "Mars/Olympus", "session 0.timezone"),
        ("stationID", "", "session 0.stationID"),
        ("userInputs", 3, "session 0.userInputs"),
        ("userInputs", [{"kWhRequested": "much"}], "session 0.userInputs[0].kWhRequested"),
    ],
)
def test_unreadable_field_is_named(tmp_path, field, value, named):
    with pytest.raises(BadInput) as caught:
        load_acn_sessions(write(tmp_path / "s.json", [ITEM | {field: value}]))

    assert caught.value.key == named


@pytest.mark.parametrize("content", [[], {"items": []}, 3, None])
def test_file_without_sessions_is_refused(tmp_path, content):
    with pytest.raises(BadInput, match="at least one session"):
        load_acn_sessions(write(tmp_path / "s.json", content))


def test_file_that_is_not_json_is_refused(tmp_path):
    path = tmp_path / "s.json"
    path.write_text("connectionTime,disconnectTime", encoding="utf-8")

    with pytest.raises(BadInput, match="JSON in ACN-Data's format"):
        load_acn_sessions(path)


def test_broken_gzip_is_refused_in_one_line(tmp_path):
    path = tmp_path / "s.json.gz"
    path.write_bytes(gzip.compress(json.dumps([ITEM]).encode())[:-20])

    with pytest.raises(BadInput, match="can be read") as caught:
        load_acn_sessions(path)

    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        load_acn_sessions(tmp_path / "nowhere.json")


def test_sessions_of_two_time_zones_are_refused(tmp_path):
    other = ITEM | {"sessionID": "S2", "timezone": "Europe/Amsterdam"}

    with pytest.raises(BadInput, match="one time zone"):
        load_acn_sessions(write(tmp_path / "s.json", [ITEM, other]))
