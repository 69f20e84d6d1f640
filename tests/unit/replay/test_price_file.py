"""Price files: units, order, and errors that name the line."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twinev.adapters.feeds.prices import load_prices
from twinev.errors import BadInput

HEADER = "utc,eur_per_mwh\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("unit", "given"), [("eur_per_mwh", "48.19"), ("eur_per_kwh", "0.04819")])
def test_price_is_per_kwh_whatever_the_unit_of_the_file(tmp_path, unit, given):
    table = load_prices(write(tmp_path / "p.csv", f"utc,{unit}\n2021-01-01T00:00:00Z,{given}\n"))

    assert table.at(datetime(2021, 1, 1, 0, 59, tzinfo=UTC)) == pytest.approx(0.04819)


def test_prices_come_in_order_of_time_from_a_packed_file(tmp_path):
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "2021-01-01T01:00:00Z,20\n2021-01-01T00:00:00Z,10\n").encode()))

    assert load_prices(path).eur_per_kwh == (0.01, 0.02)


def test_prices_of_quarter_hours_hold_for_a_quarter_of_an_hour(tmp_path):
    rows = "2026-01-01T00:00:00Z,10\n2026-01-01T00:15:00Z,20\n"

    table = load_prices(write(tmp_path / "p.csv", HEADER + rows))

    assert table.step == timedelta(minutes=15)
    assert table.at(datetime(2026, 1, 1, 0, 14, tzinfo=UTC)) == 0.01
    assert table.at(datetime(2026, 1, 1, 0, 30, tzinfo=UTC)) is None


def test_negative_prices_are_taken(tmp_path):
    assert load_prices(write(tmp_path / "p.csv", HEADER + "2021-01-01T00:00:00Z,-5\n")).eur_per_kwh == (-0.005,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("time,price\n", 1),
        ("", 1),
        (HEADER + "2021-01-01T00:00:00Z,10\nsoon,10\n", 3),
        (HEADER + "2021-01-01T00:00:00Z,cheap\n", 2),
        (HEADER + "2021-01-01T00:00:00Z,nan\n", 2),
        (HEADER + "2021-01-01T00:00:00Z\n", 2),
        (HEADER + "2021-01-01T00:00:00Z,10\n2021-01-01T01:00:00+01:00,11\n", 3),
    ],
)
def test_unusable_line_is_named(tmp_path, text, line):
    with pytest.raises(BadInput) as caught:
        load_prices(write(tmp_path / "p.csv", text))

    assert caught.value.key == f"--prices line {line}"


def test_file_with_a_header_alone_is_refused(tmp_path):
    with pytest.raises(BadInput, match="at least one row"):
        load_prices(write(tmp_path / "p.csv", HEADER))
