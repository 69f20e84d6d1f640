"""Checks single values of a scenario, whoever gives them; each fault is one `ScenarioError` that names the key."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from twinev.errors import BadInput, ScenarioError
from twinev.sct.schemas.words import LARGEST_WHOLE, range_words, text_words, whole_words

Value = TypeVar("Value")
MOST_SLOTS = 100_000


def read_number(value: object, key: str, *, at_least: float = -math.inf, at_most: float = math.inf) -> float:
    """Return a finite number within the bounds."""
    numbers = _plain_numbers((value,), at_least, at_most)
    if numbers is None:
        raise ScenarioError(key, value, range_words(at_least, at_most))
    return numbers[0]


def read_whole(value: object, key: str, *, at_least: int = 0, at_most: int = LARGEST_WHOLE) -> int:
    """Return a whole number within the bounds; 3.0 counts as 3."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise ScenarioError(key, value, whole_words(at_least, at_most))
    return value


def read_text(value: object, key: str, *, longest: int = 255) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise ScenarioError(key, value, text_words(longest))
    return value


def read_choice(value: object, key: str, choices: Sequence[str]) -> str:
    """Return ``value`` when it is one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise ScenarioError(key, value, ", ".join(choices))
    return value


def read_list(value: object, key: str) -> Sequence[Any]:
    """Return a JSON list."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ScenarioError(key, value, "a list")
    return value


def read_numbers(
    value: object, key: str, *, at_least: float = -math.inf, at_most: float = math.inf
) -> tuple[float, ...]:
    """Return a list of finite numbers within the bounds."""
    given = read_list(value, key)
    numbers = _plain_numbers(given, at_least, at_most)
    if numbers is not None:
        return numbers
    # One of them is at fault, and this names it.
    bounds = {"at_least": at_least, "at_most": at_most}
    return tuple(read_number(item, f"{key}[{place}]", **bounds) for place, item in enumerate(given))


def _plain_numbers(values: Sequence[Any], at_least: float, at_most: float) -> tuple[float, ...] | None:
    """The values as floats, where each is a finite number within the bounds; a scenario holds a hundred thousand."""
    if not all(issubclass(kind, (int, float)) and kind is not bool for kind in set(map(type, values))):
        return None
    try:
        # Adding zero turns −0.0 into 0.0, which would otherwise hash differently.
        numbers = tuple([float(value) + 0.0 for value in values])
    except OverflowError:
        return None
    within = all(map(math.isfinite, numbers)) and at_least <= min(numbers, default=at_least)
    return numbers if within and max(numbers, default=at_most) <= at_most else None


def require_length(numbers: Sequence[float], key: str, slots: int) -> None:
    """Refuse a list that has not one value per slot."""
    if len(numbers) != slots:
        raise ScenarioError(key, f"{len(numbers)} values", f"{slots} values, one per slot")


def read_instant(value: object, key: str) -> datetime:
    """Return an ISO 8601 instant, its UTC offset kept."""
    allowed = "a date and time with a UTC offset, such as 2026-11-22T18:00:00+01:00"
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ScenarioError(key, value, allowed) from error
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise ScenarioError(key, value, allowed)
    return instant


def build(kind: Callable[..., Value], key: str, **fields: Any) -> Value:
    """Call a dataclass that validates itself; put the place in the scenario before the key of its error."""
    try:
        return kind(**fields)
    except BadInput as error:
        raise ScenarioError(_path(key, error.key), error.value, error.allowed) from error


def set_checked(record: object, key: str, value: object) -> None:
    """Replace a field of a frozen dataclass by its checked value, while it is being born."""
    object.__setattr__(record, key, value)


def _path(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
