"""Asks axe-core what of an open page a person with a screen reader, little sight or no mouse could not use.

axe-core comes from npm, by ``tests/npm/package-lock.json``; ``scripts/test`` installs it. By itself:
``npm ci --prefix tests/npm``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = Path(__file__).resolve().parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"
#: What axe calls the impact of what it finds; the lesser ones are "minor" and "moderate".
SERIOUS = ("serious", "critical")


@cache
def _script() -> str:
    if not SCRIPT.exists():
        raise FileNotFoundError(f"{SCRIPT} is missing: npm ci --prefix tests/npm")
    return SCRIPT.read_text(encoding="utf-8")


def serious_violations(page: Page, within: str | None = None) -> list[str]:
    """Return the rules that the page breaks seriously, each with the elements that break it.

    Parameters
    ----------
    page
        An open page. The script is evaluated by the debugger, so that the page's own Content-Security-Policy stays.
    within
        A CSS selector: only this part of the page is looked at.
    """
    page.evaluate(_script())
    found: dict[str, Any] = page.evaluate(
        "(within) => axe.run(within ?? document, {resultTypes: ['violations']})",
        within,
    )
    return [_tell(broken) for broken in found["violations"] if broken["impact"] in SERIOUS]


def _tell(broken: dict[str, Any]) -> str:
    elements = "; ".join(f"{node['html'][:160]} [{node['failureSummary']}]" for node in broken["nodes"][:5])
    return f"{broken['id']} ({broken['impact']}): {broken['help']}: {elements}"
