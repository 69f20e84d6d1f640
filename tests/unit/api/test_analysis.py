"""GET /analysis, its months, its CSV and its report, over the month that was worked out by hand."""

import csv
import io
from dataclasses import replace

import pytest
from analysed_month import EXPECTED, G_PER_KWH, put_month

from twinev.services.analyse_month import AnalyseMonth
from twinev.services.analysis.figures import Co2Factor

OCTOBER = {"month": "2026-10", "site_id": "s"}


@pytest.fixture
def analysed(api, database, clock):
    put_month(database)
    api.app.state.analyse_month = AnalyseMonth(
        reading=database.reading, clock=clock, co2=Co2Factor(g_per_kwh=G_PER_KWH, source="a table of the tests")
    )
    return api


def test_month_is_told_with_units_days_and_hours(analysed):
    found = analysed.get("/analysis", params=OCTOBER).json()

    figures = {figure["name"]: figure for figure in found["month"]["figures"]}
    told = {name: figure["value"] for name, figure in figures.items()}
    # Here each station has one EVSE, so half of the time.
    expected = EXPECTED | {"occupancy": 2 * EXPECTED["occupancy"]}
    assert told == {name: pytest.approx(value, abs=1e-4) for name, value in expected.items()}
    assert figures["energy_cost_eur"] == {
        "name": "energy_cost_eur", "unit": "EUR", "value": 1.7, "known": 1.0, "reason": None,
    }  # fmt: skip
    assert (found["month"]["month"], found["month"]["settled"]) == ("2026-10", True)
    assert found["co2_factor"] == {"g_per_kwh": 300.0, "source": "a table of the tests"}
    assert [day["values"]["sessions"] for day in found["days"]][:6] == [0, 0, 0, 0, 2, 0]
    assert len(found["hours_kw"]) == 24


def test_figure_that_is_not_known_says_why(analysed):
    found = analysed.get("/analysis", params={"month": "2026-11", "site_id": "s"}).json()

    figures = {figure["name"]: figure for figure in found["month"]["figures"]}
    assert (figures["energy_cost_eur"]["value"], figures["energy_cost_eur"]["reason"]) == (None, "no_energy")
    assert (figures["billed_eur"]["value"], figures["billed_eur"]["reason"]) == (None, "no_bills")
    assert found["month"]["settled"] is False
    assert len(found["days"]) == 22


def test_months_go_back_to_the_first_session(analysed):
    found = analysed.get("/analysis/months", params={"months": 12}).json()

    assert [month["month"] for month in found["items"]] == ["2026-11", "2026-10"]
    assert found["site_id"] is None


def test_export_has_the_month_and_its_days(analysed):
    answer = analysed.get("/analysis/export", params=OCTOBER)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="analysis-2026-10.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["period"] for row in rows[:3]] == ["2026-10", "2026-10-01", "2026-10-02"]
    assert (rows[0]["energy_kwh"], rows[0]["energy_cost_eur"]) == ("14.0", "1.7")
    # The first of October has no price: an empty cell is no zero.
    assert (rows[1]["sessions"], rows[1]["energy_cost_eur"]) == ("0.0", "")


def test_report_is_whole_and_asks_for_nothing_from_outside(analysed):
    answer = analysed.get("/analysis/report", params=OCTOBER)

    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for words in ("Charging in October 2026", "14.0 kWh", "€ 1.70", "Thu 1", "a table of the tests", "<svg"):
        assert words in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    assert "<script" not in answer.text


def test_report_of_a_name_that_is_code_shows_it_as_text(analysed, database):
    with database.unit_of_work() as work:
        work.sites.save(replace(work.sites.get("s"), name="<script>alert(1)</script>"))
        work.commit()

    assert "<script" not in analysed.get("/analysis/report", params=OCTOBER).text


@pytest.mark.parametrize("path", ["", "/months", "/export", "/report"])
@pytest.mark.parametrize(("role", "status"), [("driver", 403), ("grid_operator", 403)])
def test_costs_are_for_who_runs_the_charge_points(analysed, path, role, status):
    assert analysed.get(f"/analysis{path}", params=OCTOBER, role=role).status_code == status


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "1850-01", "9999-12", "2026-1", "x"])
@pytest.mark.parametrize("path", ["", "/export", "/report"])
def test_month_that_cannot_be_told_is_refused(analysed, path, month):
    assert analysed.get(f"/analysis{path}", params={"month": month}).status_code == 422


@pytest.mark.parametrize("path", ["", "/months", "/export", "/report"])
def test_unknown_site_is_not_found(analysed, path):
    assert analysed.get(f"/analysis{path}", params=OCTOBER | {"site_id": "nowhere"}).status_code == 404


def test_measurements_are_kept_and_make_no_plan(api, database):
    body = {"start": "2026-11-22T12:00:00Z", "step_minutes": 60, "values": [4.0]}

    for kind in ("measured_demand_kw", "measured_production_kw"):
        assert api.ask("PUT", f"/series/{kind}/s", json=body).status_code == 200
        assert api.get(f"/series/{kind}/s", params={"start": body["start"], "count": 1}).json()["values"] == [4.0]
        assert api.ask("PUT", f"/series/{kind}/nowhere", json=body).status_code == 404
    with database.reading() as work:
        assert list(work.outbox.pending(10)) == []
    api.ask("PUT", "/series/demand_kw/s", json=body)
    with database.reading() as work:
        assert [event.kind for event in work.outbox.pending(10)] == ["series.changed"]
