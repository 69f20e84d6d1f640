"""How figures are written, and how they changed."""

import pytest
from analysed_bodies import VALUES, month_figures

from twinev.analysis_view import texts
from twinev.analysis_view.cards import CARDS, cards_html
from twinev.analysis_view.charts import CHARTED
from twinev.analysis_view.figures import by_name, change_text, note_text, value_text
from twinev.analysis_view.tables import DAY_COLUMNS
from twinev.services.analysis.figures import UNITS, Missing
from twinev.wire.rest.analysis import FigureOut


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (883, "1", "883"),
        (16382.78, "kWh", "16,383 kWh"),
        (212.792, "kW", "212.8 kW"),
        (0.536, "share", "53.6 %"),
        (-1818.6, "EUR", "−€ 1,818.60"),
        (0.0123, "EUR/kWh", "0.0123 €/kWh"),
        (-0.001, "kg", "0.0 kg"),
        (None, "kWh", "–"),
    ],
)
def test_value_is_written_with_its_unit(value, unit, written):
    assert value_text(value, unit) == written


def figure(value, unit="kWh", **fields):
    return FigureOut(name="energy_kwh", unit=unit, value=value, **fields)


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (figure(110.0), figure(100.0), "▲ 10 % on October"),
        (figure(99.5), figure(100.0), "▼ 0.5 % on October"),
        (figure(100.0), figure(100.0), "as in October"),
        (figure(5.0), figure(0.0), "▲ 5.0 kWh on October"),
        (figure(0.0), figure(0.0), "as in October"),
        (figure(5000.0), figure(1.0), "▲ 4,999 kWh on October"),
        (figure(0.55, "share"), figure(0.5, "share"), "▲ 5.0 pts on October"),
        (figure(None), figure(1.0), ""),
        (figure(1.0), figure(None), ""),
        (figure(1.0), None, ""),
    ],
)
def test_change_is_told_where_both_are_known(now, before, words):
    assert change_text(now, before, month="October") == words


def test_figure_says_why_it_is_missing_or_for_which_part_it_is_known():
    assert note_text(figure(None, reason="no_price")) == "no price is on record"
    assert note_text(figure(None, reason="something newer")) == "not known"
    assert note_text(figure(1.0, known=0.83)) == "known for 83 % of it"
    assert note_text(figure(1.0, known=0.9999)) == "known for 99.9 % of it"
    assert note_text(figure(1.0, known=1.0)) == ""


def test_every_figure_and_every_reason_has_its_words():
    assert list(texts.LABELS) == list(texts.MEANINGS) == list(UNITS)
    assert set(texts.REASONS) == set(Missing)
    assert {*CARDS, *CHARTED, *DAY_COLUMNS} <= set(UNITS)
    assert set(texts.UNITS) == set(UNITS.values())


def test_cards_say_what_belongs_together():
    html = cards_html(month_figures(), month_figures("2026-10", energy_kwh=8000.0))

    assert "of 40 reservations" in html
    assert "of 4 restrictions" in html
    assert "21.4 % of the measured energy" in html
    assert "▲ 105 % on October" in html
    assert "known for 83 % of it" in html
    assert "nothing was measured to compare with" in html


def test_figures_of_a_month_are_found_by_their_names():
    assert set(by_name(month_figures())) == set(VALUES)
    assert by_name(None) == {}
