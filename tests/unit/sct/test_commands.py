"""``twinev optimise`` and ``twinev verify``: exit codes, one clear line, files."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from twinev.cli import optimise as optimise_command
from twinev.cli.optimise import app as optimise_app
from twinev.cli.verify import app as verify_app
from twinev.sct import Schedule


@pytest.fixture
def run():
    return lambda app, *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def write(tmp_path, scenario):
    def write(**changes):
        path = tmp_path / "scenario.json"
        path.write_text(json.dumps(scenario(**changes)))
        return path

    return write


def test_optimise_writes_a_schedule_that_verify_accepts(run, scenarios, tmp_path):
    out, chart = tmp_path / "schedule.json", tmp_path / "chart.svg"

    planned = run(optimise_app, scenarios / "paper_3.json", "--out", out, "--chart", chart)
    checked = run(verify_app, scenarios / "paper_3.json", out)

    assert planned.exit_code == 0
    assert planned.stdout.startswith("✓ complete, € 12.00, proven within 0.01 %\n")
    assert "Supply point: at most 8.0 kW of 8.0 kW (from 18:00), 30.0 kWh imported, bill € 12.00\n" in planned.stdout
    assert f"The schedule is in {out}." in planned.stdout
    assert f"The chart is in {chart}." in planned.stdout
    assert checked.exit_code == 0
    assert "every rule holds" in checked.stdout
    svg = chart.read_text()
    assert svg.startswith("<svg")
    assert "State of charge [%]" in svg


def test_optimise_exits_3_with_a_shortfall_and_explains_it(run, write):
    result = run(optimise_app, write(supply_point={"max_kw": 4, "min_kw": 0}))

    assert result.exit_code == 3
    assert "Session EV0 asks for 5.0 kWh" in result.stdout


def test_optimise_exits_4_when_the_limits_contradict(run, write):
    result = run(optimise_app, write(demand_kw=[24, 0, 0, 0]))

    assert result.exit_code == 4
    assert "imports more than its limit" in result.stdout


def test_optimise_exits_4_when_targets_are_missed_too(run, write):
    result = run(optimise_app, write(demand_kw=[24, 24, 24, 24]))

    assert result.exit_code == 4
    assert result.stdout.startswith("✗ limits contradict: 4.0 kWh beyond them at the least, 5.0 kWh short for 1 of 1")


def test_optimise_shows_who_goes_short_first_and_counts_the_rest(run, write, ev):
    sessions = [ev(f"EV{n}") for n in range(24)] + [ev("late", target_slot=0)]

    result = run(optimise_app, write(sessions=sessions, supply_point={"max_kw": 500, "min_kw": 0}))

    assert result.exit_code == 3
    assert result.stdout.startswith("⚠ 3.0 kWh short for 1 of 25 sessions")
    rows = result.stdout[result.stdout.index("───") :].splitlines()
    assert rows[1].startswith("late")
    assert "… and 5 more sessions" in result.stdout


def test_optimise_writes_nothing_on_stderr_where_no_person_looks_on(run, write):
    assert not run(optimise_app, write()).stderr


@pytest.mark.parametrize("suffix", [".svg", ".png", ".html"])
def test_chart_is_drawn_as_its_suffix_says(run, write, tmp_path, suffix):
    chart = tmp_path / f"chart{suffix}"

    assert run(optimise_app, write(), "--chart", chart).exit_code == 0

    begins = {".svg": b"<svg", ".png": b"\x89PNG", ".html": b"<!DOCTYPE html>"}[suffix]
    assert chart.read_bytes().lstrip().startswith(begins)
    assert b"<script src=" not in chart.read_bytes()


def _never(*_, **__):
    raise AssertionError("solved before the files were checked")


def test_files_that_cannot_be_written_are_refused_before_solving(run, write, tmp_path, monkeypatch):
    monkeypatch.setattr(optimise_command, "optimise", _never)

    pdf = run(optimise_app, write(), "--chart", tmp_path / "chart.pdf")
    nowhere = run(optimise_app, write(), "--out", tmp_path / "none" / "out.json")
    folder = run(optimise_app, write(), "--out", tmp_path)

    assert [pdf.exit_code, nowhere.exit_code, folder.exit_code] == [2, 2, 2]
    assert "ends in .svg, .png, .html" in pdf.stderr
    assert "out.json: No such file or directory" in nowhere.stderr
    assert "Is a directory" in folder.stderr


def test_a_file_that_fails_late_loses_neither_the_plan_nor_the_other_file(run, write, tmp_path, monkeypatch):
    def full(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Schedule, "to_json", full)
    chart = tmp_path / "chart.svg"

    result = run(optimise_app, write(), "--out", tmp_path / "out.json", "--chart", chart)

    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert "✓ complete" in result.stdout
    assert chart.exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "JSON"),
        ("[]", "a JSON object"),
        ('{"slots": 4}', "sessions"),
        ("\ud800".encode("utf-8", "surrogatepass"), "UTF-8"),
    ],
)
def test_bad_scenario_is_one_clear_line(run, tmp_path, content, expected):
    path = tmp_path / "scenario.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    result = run(optimise_app, path)

    assert result.exit_code == 2
    assert expected in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--formulation", "magic"], "formulation: 'magic'"),
        (["--solver", "cplex"], "solver: 'cplex'"),
        (["--profile", "reckless"], "profile: 'reckless'"),
        (["--gap", "-1"], "gap: -1.0"),
        (["--out", "/no/such/folder/out.json"], "/no/such/folder/out.json: No such file or directory"),
    ],
)
def test_bad_option_is_one_clear_line(run, write, arguments, expected):
    result = run(optimise_app, write(), *arguments)

    assert result.exit_code == 2
    assert expected in result.stderr


def test_missing_files_are_bad_input(run, tmp_path, write):
    assert run(optimise_app, tmp_path / "none.json").exit_code == 2
    assert run(verify_app, write(), tmp_path / "none.json").exit_code == 2
    assert run(verify_app, tmp_path / "none.json", write()).exit_code == 2


def test_verify_exits_1_and_names_the_broken_rule(run, write, tmp_path):
    path, out = write(), tmp_path / "schedule.json"
    run(optimise_app, path, "--out", out)
    data = json.loads(out.read_text())
    data["sessions"][0]["energy_kwh"][0] = 9
    out.write_text(json.dumps(data))

    result = run(verify_app, path, out)

    assert result.exit_code == 1
    assert "broken: EVSE power, session EV0, slot 0: 9 kWh; allowed: at most 2 kWh" in result.stderr
