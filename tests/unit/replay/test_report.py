"""The figures and the report: what is compared with what, and a page that needs nothing from outside."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from twinev.domain.vehicles import DriverProfile
from twinev.services.replay.choose import Days
from twinev.services.replay.days import replay_days
from twinev.services.replay.outcome import tell
from twinev.services.replay.planned import Planned
from twinev.services.replay.uncontrolled import Uncontrolled
from twinev.ui.replay_chart import draw_power
from twinev.ui.replay_report import find, render_report, tabulate

UTC_ZONE = ZoneInfo("UTC")
MARCH_4 = Days(first=date(2026, 3, 4), last=date(2026, 3, 4), zone=UTC_ZONE)


@pytest.fixture
def outcome(record, site, greedy_tool):
    """A driver who leaves early and one who does not, on a day whose evening is cheap."""

    def build() -> dict:
        sessions = [
            record("early", 8, 11, 7.0, says=(7.0, 20)),
            record("honest", 8, 20, 7.0, says=(7.0, 20), done_at=datetime(2026, 3, 4, 9, tzinfo=UTC)),
            record("silent", 9, 13, 5.0),
        ]
        replayed = replay_days(
            sessions=sessions,
            days=MARCH_4,
            strategies={
                "uncontrolled": Uncontrolled(),
                "cheap": Planned(profile=DriverProfile.CHEAP, optimise=greedy_tool),
            },
            prices=site(prices=(0.3,) * 12 + (0.1,) * 12).prices.table,
            price_zone=UTC_ZONE,
            site_kw=10.0,
            usual_evse_kw=7.0,
            slot_minutes=15,
        )
        return {
            **tell(replayed),
            "command": "twinev replay x.json --day 2026-03-04",
            "inputs": {"sessions": {"name": "x.json", "sha256": "ab" * 32}},
            "versions": {"twinev": "0"},
        }

    return build


def test_costs_are_compared_among_the_drivers_whom_all_served(outcome):
    alike = outcome()["served_by_every_strategy"]

    assert alike["drivers"] == 2
    assert alike["energy_kwh"]["cheap"] == pytest.approx(alike["energy_kwh"]["uncontrolled"])
    assert alike["cost_eur"]["cheap"] < alike["cost_eur"]["uncontrolled"]


def test_driver_who_was_not_served_is_named_with_the_reason(outcome):
    early, honest, _ = outcome()["sessions"]

    assert early["fully_served"] == {"uncontrolled": True, "cheap": False}
    assert early["why_short"] == "left 9.0 h before the declared departure"
    assert honest["why_short"] is None


def test_energy_of_the_sessions_is_the_energy_of_the_site(outcome):
    told = outcome()

    for name, strategy in told["strategies"].items():
        by_session = sum(session["received_kwh"][name] for session in told["sessions"])
        by_slot = sum(told["slots"]["power_kw"][name]) * told["slot_minutes"] / 60
        assert strategy["energy_kwh"] == pytest.approx(by_session, abs=1e-4)
        assert strategy["energy_kwh"] == pytest.approx(by_slot, abs=1e-4)


def test_outcome_is_equal_for_equal_input_apart_from_plan_times(outcome):
    first, second = outcome(), outcome()

    assert first.pop("timing").keys() == second.pop("timing").keys()
    assert json.dumps(first) == json.dumps(second)


def test_without_prices_there_are_no_costs(record):
    told = tell(
        replay_days(
            sessions=[record("A", 8, 9, 5.0)],
            days=MARCH_4,
            strategies={"uncontrolled": Uncontrolled()},
            prices=None,
            price_zone=UTC_ZONE,
            site_kw=None,
            usual_evse_kw=7.0,
            slot_minutes=15,
        )
    )

    assert told["strategies"]["uncontrolled"]["cost_eur"] is None
    assert dict(tabulate(told))["Cost (€)"] == ["–"]


def test_report_asks_for_nothing_from_outside(outcome):
    page = render_report(outcome())

    addresses = set(re.findall(r'(?:https?:)?//[^\s"\'<>]+', page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<script" not in page
    assert "@import" not in page


def test_chart_draws_a_line_per_strategy_the_limit_and_the_price(outcome):
    chart = draw_power(outcome())

    lines = re.findall(r'aria-label="time: [^"]*strategy: (\w+)"', chart)
    assert set(lines) == {"uncontrolled", "cheap"}
    assert "site limit 10 kW" in chart
    assert "Price (€/kWh)" in chart
    assert ">08:00<" in chart


def test_report_shows_text_of_the_input_as_text(outcome):
    told = outcome()
    told["sessions"][0]["station_id"] = "<script>alert(1)</script>"

    assert "<script>" not in render_report(told)


def test_report_holds_the_command_the_oddities_and_the_figures(outcome):
    told = outcome()
    page = unescape(render_report(told))

    assert told["command"] in page
    assert all(row["what"] in page for row in told["oddities"])
    assert "left 9.0 h before the declared departure" in page
    assert f"{told['strategies']['uncontrolled']['peak_kw']:.1f}" in page


def test_findings_do_not_praise_a_plan_for_energy_that_it_did_not_deliver(outcome):
    cheap = find(outcome())[0]

    assert cheap.startswith("Cheap served 2 of 3 (67 %) drivers fully")
    assert "For the 2 drivers whom every strategy served fully" in cheap
