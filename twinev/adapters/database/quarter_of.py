"""A quarter of an hour as SQL: which one, counted since 1970, an instant lies in; both databases say it differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from twinev.domain.usage import QUARTER

_SECONDS = int(QUARTER.total_seconds())


class quarter_of(GenericFunction[int]):  # noqa: N801 - named as it is called in a statement
    """``quarter_of(column)`` of an instant."""

    type = BigInteger()
    inherit_cache = True


@compiles(quarter_of, "sqlite")
def _on_sqlite(element: quarter_of, compiler: Any, **options: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER) / {_SECONDS})"


@compiles(quarter_of, "postgresql")
def _on_postgresql(element: quarter_of, compiler: Any, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    return f"CAST(floor(extract(epoch FROM {instant}) / {_SECONDS}) AS BIGINT)"
