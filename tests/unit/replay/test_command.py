"""``twinev replay`` on the committed samples: what it writes, and what it says of input that it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinev.cli.replay import app
from twinev.errors import BadInput

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """Replay the sample day once, with every strategy."""
    return _replay_samples(tmp_path_factory.mktemp("replay"))


def _replay_samples(folder, *more: str) -> dict:
    words = [str(SAMPLES / "car_park_2026-11-16.json"), "--day", "2026-11-16", "--site-kw", "50"]
    words += ["--prices", str(SAMPLES / "prices_2026-11.csv")]
    words += ["--report", str(folder / "out.html"), "--out", str(folder / "metrics.json"), *more]
    answer = CliRunner().invoke(app, words, catch_exceptions=False)
    assert answer.exit_code == 0
    return {
        "terminal": answer.output,
        "report": (folder / "out.html").read_text(encoding="utf-8"),
        "metrics": json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
    }


def test_command_prints_the_figures_of_every_strategy(replayed):
    for word in ("uncontrolled", "cheap", "default", "Drivers fully served", "What was odd"):
        assert word in replayed["terminal"]


def test_planned_strategies_keep_the_limit_that_uncontrolled_charging_breaks(replayed):
    strategies = replayed["metrics"]["strategies"]

    assert strategies["uncontrolled"]["peak_kw"] > 50
    for name in ("cheap", "default"):
        assert strategies[name]["peak_kw"] <= strategies[name]["highest_moment_kw"] <= 50 + 1e-4
        assert strategies[name]["kwh_over_site_limit"] == 0
        assert strategies[name]["plans"] > 0


def test_cheap_costs_less_for_the_drivers_whom_all_served(replayed):
    alike = replayed["metrics"]["served_by_every_strategy"]

    assert alike["drivers"] > 20
    assert alike["cost_eur"]["cheap"] < alike["cost_eur"]["default"] < alike["cost_eur"]["uncontrolled"]
    assert alike["energy_kwh"]["cheap"] == pytest.approx(alike["energy_kwh"]["uncontrolled"], rel=0.01)


def test_uncontrolled_charging_delivers_what_the_record_says(replayed):
    metrics = replayed["metrics"]
    recorded = json.loads((SAMPLES / "car_park_2026-11-16.json").read_text(encoding="utf-8"))

    assert metrics["strategies"]["uncontrolled"]["energy_delivered_percent"] == pytest.approx(100)
    assert metrics["strategies"]["uncontrolled"]["energy_kwh"] == pytest.approx(
        sum(item["kWhDelivered"] for item in recorded), abs=1e-3
    )


def test_metrics_hold_what_reproduces_them(replayed):
    metrics = replayed["metrics"]

    assert metrics["format"] == 1
    assert metrics["command"].startswith("twinev replay ")
    assert "--slot-minutes 15" in metrics["command"]
    assert len(metrics["inputs"]["sessions"]["sha256"]) == len(metrics["inputs"]["prices"]["sha256"]) == 64
    assert {"twinev", "cvxpy", "python"} <= set(metrics["versions"])
    assert metrics["command"].replace("'", "&#39;") in replayed["report"]


def test_oddities_of_the_sample_are_counted(replayed):
    counts = {row["key"]: row["count"] for row in replayed["metrics"]["oddities"]}

    assert counts["no_inputs"] > 0
    assert counts["departure_before_arrival"] == 1
    assert counts["asked_more_than_fits"] > 0
    assert counts["left_early"] > 0


def test_replay_twice_gives_the_same_figures(replayed, tmp_path):
    again = _replay_samples(tmp_path, "--strategy", "cheap")["metrics"]

    assert again["strategies"]["cheap"] == replayed["metrics"]["strategies"]["cheap"]
    assert again["slots"]["power_kw"]["cheap"] == replayed["metrics"]["slots"]["power_kw"]["cheap"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "first is 2026-11-16"),
        (("--day", "2026-11-01"), "first is 2026-11-16, its last 2026-11-16"),
        (("--day", "tomorrow"), "a day such as"),
        (("--day", "2026-11-16", "--from", "2026-11-16"), "either --day, or --from with --to"),
        (("--from", "2026-11-17", "--to", "2026-11-16"), "not before --from"),
        (("--day", "2026-11-16", "--site-kw", "-1"), "a power above 0 kW"),
        (("--day", "2026-11-16", "--evse-kw", "nan"), "a power above 0 kW"),
        (("--day", "2026-11-16", "--slot-minutes", "7"), "5 or 15"),
        (("--day", "2026-11-16", "--phases", "2"), "1 or 3"),
        (("--day", "2026-11-16", "--strategy", "magic"), "uncontrolled, cheap, default"),
        (("--day", "2026-11-16", "--price-zone", "Nowhere"), "an IANA time zone"),
        (("--day", "2026-11-16", "--out", "/nowhere/metrics.json"), "a folder that exists"),
    ],
)
def test_unusable_option_is_one_line_that_says_what_is_allowed(samples, words, said):
    answer = CliRunner().invoke(app, [str(samples / "car_park_2026-11-16.json"), *words])

    assert isinstance(answer.exception, BadInput)
    assert said in str(answer.exception)
    assert "\n" not in str(answer.exception)


def test_day_that_the_prices_do_not_cover_is_refused_before_the_work(samples, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("utc,eur_per_mwh\n2026-11-16T00:00:00Z,50\n", encoding="utf-8")
    words = [str(samples / "car_park_2026-11-16.json"), "--day", "2026-11-16", "--prices", str(path)]

    answer = CliRunner().invoke(app, words)

    assert isinstance(answer.exception, BadInput)
    assert "the file covers 2026-11-16 00:00 to 2026-11-16 01:00 UTC" in str(answer.exception)
