"""The paper's test cases: reads the templates from the docstrings of their modules, and writes docs/acceptance.md.

    .venv/bin/python tests/acceptance_page.py docs/acceptance.md

runs every case against running systems and replaces what stands between the page's two marks; with cases named, such
as ``TWINEV_GRD_1``, it runs these alone and leaves the others' results as they are. With ``--check`` it runs none and
only compares: what the page says must be what the docstrings say, each case held.

A case is a module ``tests/acceptance/test_<identifier>.py``. Its docstring begins with ``<identifier>: <title>.``, then
comes each part of the template (`PARTS`) as ``Name: text``; steps and criteria may be lists.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

FOLDER = Path(__file__).parent / "acceptance"
BEGIN, END = "<!-- cases: begin -->", "<!-- cases: end -->"
#: What the paper's template asks for, in its order.
PARTS = (
    "Module under test",
    "Elements validated",
    "Features",
    "Preconditions",
    "Previous steps",
    "Dependencies",
    "Steps",
    "Postconditions",
    "Acceptance criteria",
    "Suspension criteria",
)
#: What a docstring may add below the template.
REMARK = "See also"
HELD, NOT_RUN = "passed", "not run"
_ORDER = ("DRVR", "GRD", "DSHB")
_HEADING = re.compile(rf"^({'|'.join((*PARTS, REMARK))}):?[ \t]*", re.MULTILINE | re.IGNORECASE)
_RESULT = re.compile(r"^\| \[(TWINEV_\w+)\].*\| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A test case: its title, the parts of its template, its module and the names of its tests."""

    identifier: str
    title: str
    parts: Mapping[str, str]
    tests: tuple[str, ...]
    path: Path

    @property
    def place(self) -> tuple[int, int]:
        """The paper's order: drivers, grid operators, dashboards, each by number."""
        _, user, number = self.identifier.split("_")
        return _ORDER.index(user), int(number)


def cases() -> list[Case]:
    """All cases that there are, in the paper's order."""
    found = [_read(path) for path in FOLDER.glob("test_*.py") if path.stem.lower().startswith("test_twinev_")]
    return sorted(found, key=lambda case: case.place)


def _read(path: Path) -> Case:
    module = ast.parse(path.read_text(encoding="utf-8"))
    identifier = path.stem.removeprefix("test_").upper()
    head, *rest = _HEADING.split(ast.get_docstring(module) or "")
    named, _, title = " ".join(head.split()).partition(":")
    assert named == identifier, f"{path.name}: the docstring begins with {identifier}: and a title"
    parts = {name.capitalize(): _text(text) for name, text in zip(rest[::2], rest[1::2], strict=True)}
    missing = [part for part in PARTS if not parts.get(part)]
    assert not missing, f"{path.name}: its docstring lacks {', '.join(missing)}"
    tests = [node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    title = title.strip().rstrip(".")
    return Case(identifier=identifier, title=title, parts=parts, tests=tuple(tests), path=path)


def _text(text: str) -> str:
    """A part's text as Markdown: a paragraph, or a list."""
    first, _, below = text.partition("\n")
    if first.strip():
        return " ".join(text.split())
    # An item that goes on in the next line is one line here, as long as it is.
    return re.sub(r"\n\s+", " ", textwrap.dedent(below).strip())


def run(wanted: Iterable[Case]) -> dict[str, str]:
    """Run these cases; return what became of each, by its identifier."""
    modules = {case.path.stem: case for case in wanted}
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        paths = [str(case.path) for case in modules.values()]
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *paths]
        subprocess.run(command, cwd=FOLDER.parent.parent, check=False)
        tests = ElementTree.parse(report).getroot().iter("testcase")
        outcomes: dict[str, list[str | None]] = {case.identifier: [] for case in modules.values()}
        for test in tests:
            case = modules[test.get("classname", "").rpartition(".")[2]]
            bad = [child.tag for child in test if child.tag in ("failure", "error", "skipped")]
            outcomes[case.identifier].append(f"{bad[0]}: {test.get('name')}" if bad else None)
    return {identifier: _outcome(each) for identifier, each in outcomes.items()}


def _outcome(each: list[str | None]) -> str:
    bad = [one for one in each if one is not None]
    return "; ".join(bad) or (HELD if each else NOT_RUN)


def text_of(found: Iterable[Case], results: Mapping[str, str]) -> str:
    """The page's generated part: a table, then the template of each case."""
    found = list(found)
    rows = [
        f"| [{case.identifier}](#{case.identifier.lower()}) | {case.title} | {results.get(case.identifier, NOT_RUN)} |"
        for case in found
    ]
    table = "\n".join(["| identifier | title | result |", "|---|---|---|", *rows])
    return "\n\n".join([table, *map(_template, found)])


def _template(case: Case) -> str:
    blocks = [f"## {case.identifier}", f"{case.title[0].upper()}{case.title[1:]}."]
    for part in (*PARTS, REMARK):
        if text := case.parts.get(part):
            listed = text.startswith(("-", "1."))
            blocks.append(f"**{part}**" + ("\n\n" if listed else " · ") + text)
    link = f"[`{case.path.name}`](../tests/acceptance/{case.path.name})"
    blocks.append(f"**Tests** · {link}: " + ", ".join(f"`{name}`" for name in case.tests))
    return "\n\n".join(blocks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    before, rest = options.path.read_text(encoding="utf-8").split(BEGIN)
    within, after = rest.split(END)
    found = cases()
    if options.check:
        current = within.strip() == text_of(found, {case.identifier: HELD for case in found})
        remedy = f"run {sys.executable} {sys.argv[0]} {options.path}"
        print(f"{options.path} is up to date" if current else f"{options.path} is out of date: {remedy}")
        return 0 if current else 1
    wanted = [case for case in found if not options.cases or case.identifier in options.cases]
    results = dict(_RESULT.findall(within)) | run(wanted)
    options.path.write_text(f"{before}{BEGIN}\n\n{text_of(found, results)}\n\n{END}{after}", encoding="utf-8")
    failed = [identifier for identifier, result in results.items() if result != HELD]
    print(f"{len(wanted)} cases run for {options.path}; not held: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
