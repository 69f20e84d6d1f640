"""The words of the drivers' app: apart from pages and scripts, and all of them there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinev.api.driver_files import FOLDER as SCRIPTS
from twinev.api.driver_texts import connector_name, fill, texts_for_templates, texts_of
from twinev.domain.availability import Availability
from twinev.domain.connectors import ConnectorType
from twinev.domain.recommendation import Grade
from twinev.domain.reservation import ReservationStatus
from twinev.services.why_not_reserved import Hindrance

TEMPLATES = SCRIPTS.parents[1] / "templates" / "driver"
# Punctuation, units and numbers are no words; what a browser does not show is none either.
WORDS = re.compile(r">[^<{}]*[A-Za-z]{3,}[^<{}]*<")
SHOWN_NAME = "TwinEV"


def flat(texts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path):
    found = [text for text in WORDS.findall(path.read_text()) if SHOWN_NAME not in text]

    assert found == []


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.name)
def test_texts_that_a_script_names_are_there(path: Path):
    known = {key for key, _ in flat(texts_of())} | set(texts_of())
    named = set(re.findall(r"\btexts\.((?:\w+\.)+\w+)", path.read_text()))

    # `texts.map.found` is one; `texts.station.states[…]` a group of them.
    missing = {name for name in named if name not in known and not any(key.startswith(f"{name}.") for key in known)}

    assert missing == set()


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("results.grades", list(Grade)),
        ("station.states", list(Availability)),
        ("station.why_not", list(Hindrance)),
        ("reservations.statuses", list(ReservationStatus)),
        ("connectors", list(ConnectorType)),
    ],
)
def test_every_value_has_its_word(group: str, values: list[str]):
    known = dict(flat(texts_of()))

    assert [value for value in values if f"{group}.{value}" not in known] == []


def test_connector_that_nobody_named_is_called_by_its_type():
    assert connector_name("cCCS2") == "CCS"
    assert connector_name("Plug of my own") == "Plug of my own"


def test_text_that_is_missing_is_an_error_where_it_is_used():
    with pytest.raises(AttributeError):
        texts_for_templates().map.nowhere  # noqa: B018


def test_braces_are_filled():
    assert fill("{count} of {most}", count=1, most=3) == "1 of 3"
