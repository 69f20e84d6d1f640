"""GET /metrics for everybody, rounded; /metrics/staff with days."""

from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.session import ChargingSession

FIRST = datetime(2026, 10, 5, 8, tzinfo=UTC)


@pytest.fixture
def used(api, database):
    with database.unit_of_work() as work:
        for number in range(6):
            start = FIRST + timedelta(minutes=number)
            work.sessions.save(
                ChargingSession(
                    id=f"x{number}",
                    site_id="s",
                    station_id="A",
                    evse_id=1,
                    ocpp_transaction_id=f"t{number}",
                    id_token=f"card-{number}",
                    started_at=start,
                    ended_at=start + timedelta(hours=1),
                    energy_kwh=7.3,
                )
            )
        work.commit()
    return api


def test_public_months_are_rounded_and_name_nobody(used):
    answer = used.get("/metrics", params={"months": 2}, role=None)

    october, september = answer.json()["items"]
    assert (october["period"], october["shown"]) == ("2026-10", True)
    assert (october["sessions"], october["energy_kwh"]) == (5, 40.0)
    assert (september["shown"], september["sessions"]) == (False, None)
    assert "card" not in answer.text


def test_staff_sees_exact_figures_and_days(used):
    found = used.get("/metrics/staff", params={"site_id": "s", "month": "2026-10"}).json()

    assert (found["month"]["sessions"], found["month"]["energy_kwh"]) == (6, 43.8)
    assert len(found["days"]) == 31
    assert [day["period"] for day in found["days"] if day["shown"]] == ["2026-10-05"]


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("driver", 403)])
def test_days_are_for_staff(used, role, status):
    assert used.get("/metrics/staff", params={"site_id": "s", "month": "2026-10"}, role=role).status_code == status


@pytest.mark.parametrize("month", ["2026-11", "2026-13", "1850-01", "9999-12", "2026-1", "x"])
def test_month_that_cannot_be_told_is_refused(used, month):
    assert used.get("/metrics/staff", params={"site_id": "s", "month": month}).status_code == 422


def test_unknown_site_is_not_found(used):
    assert used.get("/metrics", params={"site_id": "nowhere"}, role=None).status_code == 404
