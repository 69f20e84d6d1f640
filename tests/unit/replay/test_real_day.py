"""A real day of real drivers, where the data is at hand: it is not part of the project."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinev.cli.replay import app

REAL_DATA = Path(os.environ.get("TWINEV_REAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
SESSIONS = REAL_DATA / "acn_caltech_2021.json.gz"
PRICES = REAL_DATA / "nl_day_ahead_2021.csv.gz"
NEEDS_REAL_DATA = pytest.mark.skipif(
    not (SESSIONS.exists() and PRICES.exists()),
    reason=f"no real sessions and prices in {REAL_DATA}: set TWINEV_REAL_DATA (data/samples/README.md says whence)",
)


@pytest.fixture(scope="module")
def real_day(tmp_path_factory):
    out = tmp_path_factory.mktemp("real") / "metrics.json"
    words = [str(SESSIONS), "--day", "2021-08-03", "--prices", str(PRICES), "--site-kw", "50", "--out", str(out)]
    answer = CliRunner().invoke(app, words, catch_exceptions=False)
    assert answer.exit_code == 0
    return json.loads(out.read_text(encoding="utf-8"))


@NEEDS_REAL_DATA
def test_real_day_is_replayed_whole(real_day):
    uncontrolled = real_day["strategies"]["uncontrolled"]

    assert len(real_day["sessions"]) == uncontrolled["drivers_fully_served"] == 25
    assert uncontrolled["energy_kwh"] == pytest.approx(206.111, abs=0.001)


@NEEDS_REAL_DATA
def test_planned_real_day_keeps_the_limit_and_costs_less_for_equal_service(real_day):
    alike = real_day["served_by_every_strategy"]

    assert real_day["strategies"]["uncontrolled"]["highest_moment_kw"] > 50
    for name in ("cheap", "default"):
        assert real_day["strategies"][name]["highest_moment_kw"] <= 50 + 1e-4
        assert real_day["strategies"][name]["kwh_over_site_limit"] == 0
    assert alike["cost_eur"]["cheap"] < alike["cost_eur"]["uncontrolled"]
    assert alike["energy_kwh"]["cheap"] == pytest.approx(alike["energy_kwh"]["uncontrolled"], rel=0.01)


@NEEDS_REAL_DATA
def test_early_plan_serves_nearly_every_real_driver(real_day):
    assert real_day["strategies"]["default"]["energy_delivered_percent"] > 98
