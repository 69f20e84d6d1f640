"""What stations report of themselves: taken in once, told as an event, shown to who runs the stations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinev.domain.facts import StationFact, StationReported
from twinev.domain.users import Role
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)


def report(number: int, *, station_id: str = "A", name: str = "NotifyReport", **changes) -> StationFact:
    said = StationReported(
        report=name,
        timestamp=START,
        request_id=changes.pop("request_id", 7),
        seq_no=number,
        content={"seqNo": number, "requestId": 7},
        **changes,
    )
    return StationFact(
        station_id=station_id,
        protocol="ocpp2.0.1",
        action=name,
        key=f"{station_id} {name} {number}",
        received_at=START,
        fact=said,
    )


@pytest.fixture
def take(database):
    def taken(*facts: StationFact) -> None:
        with database.unit_of_work() as work:
            record_facts(facts, work=work)
            work.commit()

    return taken


def test_report_is_kept_whole(api, take) -> None:
    take(report(0, evse_id=1, to_be_continued=True))

    (kept,) = api.get("/stations/A/reports").json()["items"]

    assert kept == {
        "id": "1",
        "station_id": "A",
        "report": "NotifyReport",
        "timestamp": "2026-11-22T18:00:00Z",
        "received_at": "2026-11-22T18:00:00Z",
        "evse_id": 1,
        "request_id": 7,
        "seq_no": 0,
        "to_be_continued": True,
        "content": {"seqNo": 0, "requestId": 7},
    }


def test_report_that_comes_again_changes_nothing_and_is_told_once(api, take, database) -> None:
    take(report(0))
    take(report(0), report(1))

    assert [kept["seq_no"] for kept in api.get("/stations/A/reports").json()["items"]] == [1, 0]
    with database.reading() as work:
        events = [event for event in work.outbox.pending(10) if event.kind == "station.reported"]
    assert [event.data["report_id"] for event in events] == ["1", "2"]
    assert events[0].data == {
        "site_id": "s",
        "station_id": "A",
        "report_id": "1",
        "report": "NotifyReport",
        "evse_id": None,
    }


def test_reports_come_in_pages_the_last_first(api, take) -> None:
    take(*(report(number) for number in range(5)))

    seen, cursor = [], None
    while True:
        page = api.get("/stations/A/reports", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen.append([kept["seq_no"] for kept in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [[4, 3], [2, 1], [0]]


def test_reports_are_found_by_their_kind_and_by_what_they_answer(api, take) -> None:
    take(report(0), report(1, request_id=8), report(2, name="NotifyEvent"), report(3, station_id="B"))

    def found(**wanted) -> list[int]:
        return [kept["seq_no"] for kept in api.get("/stations/A/reports", params=wanted).json()["items"]]

    assert found() == [2, 1, 0]
    assert found(report="NotifyReport") == [1, 0]
    assert found(request_id=8) == [1]


def test_only_who_runs_the_stations_reads_reports(api) -> None:
    codes = {role: api.get("/stations/A/reports", role=role).status_code for role in (*Role, None)}

    assert codes == {
        Role.DRIVER: 403,
        Role.GRID_OPERATOR: 403,
        Role.CHARGE_POINT_OPERATOR: 200,
        Role.ADMINISTRATOR: 200,
        None: 401,
    }


@pytest.mark.parametrize(
    ("path", "status"), [("/stations/nowhere/reports", 404), ("/stations/A/reports?cursor=eA", 422)]
)
def test_reports_of_nothing_are_refused(api, path: str, status: int) -> None:
    assert api.get(path).status_code == status
