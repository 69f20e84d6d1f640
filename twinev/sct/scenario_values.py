"""Reads values out of a scenario's JSON; each fault is one `ScenarioError` that names the key."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from twinev.errors import BadInput, ScenarioError

Value = TypeVar("Value")
MOST_SLOTS = 100_000


class _Missing:
    """Stands for a value that is not there; shown in the error's text."""

    def __repr__(self) -> str:
        return "nothing (the key is missing)"


MISSING = _Missing()


def read_object(value: object, key: str, known: Collection[str], required: Collection[str] = ()) -> Mapping[str, Any]:
    """Return ``value`` when it is a JSON object with all required and no unknown keys."""
    if not isinstance(value, Mapping):
        raise ScenarioError(key or "scenario", value, "a JSON object")
    for name in value:
        if name not in known:
            raise ScenarioError(_path(key, str(name)), value[name], f"only the keys {', '.join(sorted(known))}")
    for name in sorted(required):
        if name not in value:
            raise ScenarioError(_path(key, name), MISSING, "the key is required")
    return value


def read_number(value: object, key: str, *, at_least: float = -math.inf, at_most: float = math.inf) -> float:
    """Return a finite number within the bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ScenarioError(key, value, _range_text(at_least, at_most))
    if not at_least <= value <= at_most:
        raise ScenarioError(key, value, _range_text(at_least, at_most))
    # Adding zero turns −0.0 into 0.0, which would otherwise hash differently.
    return float(value) + 0.0


def read_whole(value: object, key: str, *, at_least: int = 0, at_most: int = 2**53) -> int:
    """Return a whole number within the bounds; 3.0 counts as 3."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        upper = f" to {at_most}" if at_most < 2**53 else " or more"
        raise ScenarioError(key, value, f"a whole number, {at_least}{upper}")
    return value


def read_text(value: object, key: str, *, longest: int = 255) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise ScenarioError(key, value, f"text of 1 to {longest} characters")
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


def read_numbers(value: object, key: str, **bounds: float) -> tuple[float, ...]:
    """Return a list of finite numbers within the bounds."""
    return tuple(read_number(item, f"{key}[{place}]", **bounds) for place, item in enumerate(read_list(value, key)))


def read_per_slot(value: object, key: str, slots: int, **bounds: float) -> tuple[float, ...]:
    """Return one number per slot; a single number holds for every slot."""
    if isinstance(value, (int, float)):
        return (read_number(value, key, **bounds),) * slots
    numbers = read_numbers(value, key, **bounds)
    require_length(numbers, key, slots)
    return numbers


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


def read_each(value: object, key: str, read_one: Callable[[object, str], Value]) -> tuple[Value, ...]:
    """Read every item of a list; an item's error says where in the list it stands."""
    return tuple(read_one(item, f"{key}[{place}]") for place, item in enumerate(read_list(value, key)))


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


def _range_text(at_least: float, at_most: float) -> str:
    if math.isfinite(at_least) and math.isfinite(at_most):
        return f"a number from {at_least:g} to {at_most:g}"
    if math.isfinite(at_least):
        return f"a number of at least {at_least:g}"
    if math.isfinite(at_most):
        return f"a number of at most {at_most:g}"
    return "a finite number"
