"""How problems and schedules show themselves: the verdict, HTML for Jupyter, text for terminals."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest

from twinev.sct import Schedule
from twinev.sct.verdict import verdict

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def asked(problem, ev):
    return problem(sessions=[ev(), ev("EV1", target_soc=1.0)])


@pytest.fixture
def planned(asked, plan):
    return plan(asked, [[2, 2, 1, 0], [2, 2, 2, 2]])


class _Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.sources = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in {"src", "href"}]


@pytest.mark.parametrize(
    ("energy", "changes", "expected"),
    [
        ([2, 2, 1, 0], {}, "✓ complete, € 12.00, proven within 0.01 %"),
        ([2, 2, 1, 0], {"gap": 0.00123}, "✓ complete, € 12.00, proven within 0.13 %"),
        ([2, 2, 1, 0], {"formulation": "tradeoff"}, "✓ complete, € 12.00 with waiting, proven within 0.01 %"),
        ([2, 2, 1, 0], {"bound": None, "gap": None}, "✓ complete, € 12.00, optimal in every stage"),
        (
            [2, 2, 1, 0],
            {"status": "feasible", "gap": 0.052},
            "✓ complete, € 12.00, not proven the best: within 5.20 %",
        ),
        (
            [2, 2, 1, 0],
            {"status": "feasible", "bound": None, "gap": None},
            "✓ complete, € 12.00, not proven the best",
        ),
        ([1, 1, 1, 0], {}, "⚠ 2.0 kWh short for 1 of 1 session, € 12.00, proven within 0.01 %"),
        ([2, 2, 0.996, 0], {}, "⚠ 0.004 kWh short for 1 of 1 session, € 12.00, proven within 0.01 %"),
    ],
)
def test_verdict_is_one_line(problem, plan, energy, changes, expected):
    assert verdict(plan(problem(), [energy], **changes)) == expected


def test_verdict_of_contradicting_limits_counts_what_is_beyond(problem, plan):
    asked = problem(demand_kw=[24, 0, 0, 0])

    line = verdict(plan(asked, [[0, 2, 2, 0]], status="infeasible"))

    assert line.startswith("✗ limits contradict: 1.0 kWh beyond them at the least, 1.0 kWh short for 1 of 1 session")


def test_schedule_shows_verdict_sessions_and_picture_from_within(planned):
    text = planned._repr_html_()

    page = _Tags(text)
    assert "⚠ 2.0 kWh short for 1 of 2 sessions" in text
    assert page.tags.count("tr") == 3
    assert page.tags.count("img") == 1
    assert all(source.startswith("data:") for source in page.sources)
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", text)[1]).decode()
    assert "State of charge [%]" in svg
    # Names of namespaces are no addresses to fetch from.
    assert not re.search(r"(href|src)=\"http", svg)


def test_problem_shows_what_is_asked(asked):
    text = asked._repr_html_()

    assert "2 sessions asking for 15.0 kWh, 4 slots of 15 min from 2026-11-22 18:00, supply point 0 to 20 kW" in text
    assert _Tags(text).tags.count("img") == 1
    assert str(asked).splitlines()[1].split()[:3] == ["session", "from", "by"]


def test_ids_and_explanations_are_text_in_html(problem, ev, plan):
    asked = problem(sessions=[ev(NASTY)])

    for text in (
        plan(asked, [[2, 2, 1, 0]], explanations=(f"Session {NASTY} waits.",))._repr_html_(),
        asked._repr_html_(),
    ):
        assert "script" not in _Tags(text).tags
        assert "&lt;script&gt;" in text


def test_ids_cannot_steer_a_terminal(problem, ev, plan):
    asked = problem(sessions=[ev("EV\x1b[2J\n0")])

    for text in (str(plan(asked, [[2, 2, 1, 0]])), str(asked)):
        assert "\x1b" not in text
        assert "EV�[2J�0" in text


def test_text_puts_the_short_ones_first_and_counts_the_rest(problem, ev, plan):
    asked = problem(sessions=[ev(f"EV{n}") for n in range(40)])
    planned = plan(asked, [*([[2, 2, 1, 0]] * 39), [2, 1, 0, 0]], explanations=("because",) * 9)

    lines = str(planned).splitlines()

    assert lines[0].startswith("⚠ 2.0 kWh short for 1 of 40 sessions")
    assert lines[3].startswith("EV39")
    assert "… and 30 more" in lines
    assert lines[-1] == "… and 1 more explanations"


def test_schedule_without_its_problem_shows_text_only(planned):
    alone = Schedule.from_dict(planned.to_dict())

    assert alone._repr_html_() is None
    assert str(alone).startswith(verdict(planned))


@pytest.mark.parametrize("change", ["another session", "too few slots", "reached too late"])
def test_schedule_that_does_not_fit_its_problem_shows_text_only(planned, asked, change):
    data = planned.to_dict()
    session = data["sessions"][0]
    session["id"] = "EV7" if change == "another session" else session["id"]
    session["energy_kwh"] = session["energy_kwh"][: 2 if change == "too few slots" else 4]
    session["reached_slot"] = 9 if change == "reached too late" else session["reached_slot"]

    assert Schedule.from_dict(data, asked)._repr_html_() is None
