"""Reads rows as the driver gives them, and makes a row's values into what they mean only when that row is new.

Lists of stations are read with every page of availability and every recommendation, and of their rows hardly one has
changed since. To turn each time and flag of theirs into Python's takes longer than the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Float, Row, type_coerce
from sqlalchemy.types import NullType


class RawRows:
    """Columns to select untyped, and how to make their values typed.

    Parameters
    ----------
    columns : sequence of Column
        Of one table; their order is that of a row's values.
    """

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._columns = tuple(columns)
        self.selected = tuple(type_coerce(column, NullType()).label(column.name) for column in columns)

    def values(self, row: Sequence[Any] | Row[Any], connection: Connection) -> dict[str, Any]:
        """Return a row's values by the names of their columns, typed as a plain select gives them."""
        dialect, values = connection.dialect, {}
        for column, raw in zip(self._columns, row, strict=True):
            # Both drivers give floats as such, and PostgreSQL's wants to know more than we do to tell so.
            is_float = isinstance(column.type, Float)
            convert = None if is_float else column.type.dialect_impl(dialect).result_processor(dialect, None)
            values[column.name] = raw if convert is None else convert(raw)
        return values
