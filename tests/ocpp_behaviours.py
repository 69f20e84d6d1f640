"""Numbered behaviours of the OCPP gateway: marks a test as one, and writes their table into docs/ocpp.md.

    .venv/bin/python tests/ocpp_behaviours.py docs/ocpp.md

runs every behaviour over a real socket and replaces what stands between the table's two marks in that file; with
``--check`` it runs none and only compares: what the table says must be what the tests are, all of it held.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROTOCOLS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
AREAS = {
    "C": "Connection and security",
    "R": "RPC",
    "B": "Boot",
    "A": "Authorisation",
    "T": "Transactions and offline stations",
    "M": "Other messages",
    "S": "Smart charging",
}
FOLDER = Path(__file__).parent / "integration" / "ocpp"
BEGIN, END = "<!-- behaviours: begin -->", "<!-- behaviours: end -->"


def behaviour(
    number: str, what: str, *, source: str, protocols: Iterable[str] = PROTOCOLS
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a test as one numbered behaviour; it runs once for each of ``protocols``, which it takes as ``protocol``.

    Parameters
    ----------
    number : str
        Letter of `AREAS` and two digits, such as ``C07``; one number, one test.
    what : str
        What a reader of the table learns: one sentence without a full stop.
    source : str
        Where the specification says it, such as ``OCPP-J 1.6 §4.2.3; 2.0.1 part 4 §4.3``.
    protocols : iterable of str
        The versions that it applies to.
    """
    assert re.fullmatch(rf"[{''.join(AREAS)}]\d\d", number), number
    marked = pytest.mark.behaviour(number=number, what=what, source=source)

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        return marked(pytest.mark.parametrize("protocol", tuple(protocols))(test))

    return mark


@dataclass(kw_only=True)
class Row:
    """One behaviour, and what each of its tests came to: ``outcomes[protocol]``, None until it has run."""

    number: str
    what: str
    source: str
    outcomes: dict[str, str | None] = field(default_factory=dict)

    def cells(self) -> list[str]:
        told = [_told(self.outcomes, protocol) for protocol in PROTOCOLS]
        return [self.number, self.what, self.source, *told]


class Recorder:
    """A pytest plugin that gathers the behaviours of a run."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._of_test: dict[str, tuple[Row, str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            marker = item.get_closest_marker("behaviour")
            if marker is None:
                continue
            row = self._rows.setdefault(marker.kwargs["number"], Row(**marker.kwargs))
            assert row.what == marker.kwargs["what"], f"{row.number} is given twice"
            protocol = item.callspec.params["protocol"]  # type: ignore[attr-defined]
            row.outcomes[protocol] = None
            self._of_test[item.nodeid] = row, protocol

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self._of_test or (report.when != "call" and report.passed):
            return
        row, protocol = self._of_test[report.nodeid]
        # A behaviour with several parametrised cases holds only if each of them does.
        if row.outcomes[protocol] in (None, "passed"):
            row.outcomes[protocol] = report.outcome

    @property
    def rows(self) -> list[Row]:
        order = list(AREAS)
        return sorted(self._rows.values(), key=lambda row: (order.index(row.number[0]), row.number))


def run(*arguments: str) -> list[Row]:
    """The behaviours of a run of pytest over `FOLDER`."""
    recorder = Recorder()
    pytest.main([str(FOLDER), "-q", "-m", "behaviour", *arguments], plugins=[recorder])
    return recorder.rows


def table_of(rows: Iterable[Row]) -> str:
    """The rows as Markdown, one table for each area."""
    rows = list(rows)
    lines = []
    for letter, area in AREAS.items():
        within = [row for row in rows if row.number[0] == letter]
        if within:
            lines += [
                "",
                f"### {area}",
                "",
                "| | behaviour | source | 1.6 | 2.0.1 | 2.1 |",
                "|---|---|---|---|---|---|",
            ]
            lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in within]
    return "\n".join(lines).strip()


def write_into(path: Path, rows: Iterable[Row]) -> None:
    """Replace what stands between the two marks."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{table_of(rows)}\n\n{END}{after}", encoding="utf-8")


def _told(outcomes: dict[str, str | None], protocol: str) -> str:
    if protocol not in outcomes:
        return "–"
    return "holds" if outcomes[protocol] == "passed" else str(outcomes[protocol] or "not run")


def agrees(path: Path, rows: Iterable[Row]) -> bool:
    """Whether the file has the table of these rows, each of which is taken to hold."""
    rows = list(rows)
    for row in rows:
        row.outcomes = dict.fromkeys(row.outcomes, "passed")
    within = path.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    return within.strip() == table_of(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        current = agrees(options.path, run("--collect-only"))
        remedy = f"run {sys.executable} {sys.argv[0]} {options.path}"
        print(f"{options.path} is up to date" if current else f"{options.path} is out of date: {remedy}")
        return 0 if current else 1
    rows = run()
    write_into(options.path, rows)
    failed = [row.number for row in rows if set(row.outcomes.values()) != {"passed"}]
    print(f"{len(rows)} behaviours in {options.path}; not held: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
