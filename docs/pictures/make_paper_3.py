"""Makes docs/pictures/paper_3.svg: the paper's third scenario as ``twinev optimise`` draws it.

Run from the repository's root: ``python docs/pictures/make_paper_3.py``.
"""

from __future__ import annotations

from pathlib import Path

from twinev.sct import Problem, optimise
from twinev.sct.chart import chart_spec
from twinev.sct.draw import draw

SCENARIO = Path(__file__).resolve().parents[2] / "data" / "scenarios" / "paper_3.json"
PICTURE = Path(__file__).with_name("paper_3.svg")


def main() -> None:
    """Plan and draw."""
    problem = Problem.from_json(SCENARIO)
    draw(chart_spec(problem, optimise(problem)), PICTURE)


if __name__ == "__main__":
    main()
