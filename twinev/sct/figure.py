"""The four panels as an Altair chart, for notebooks that go on editing it.

Apart from `twinev.sct`, for Altair takes a second to load: ``from twinev.sct.figure import figure``.
"""

from __future__ import annotations

import altair as alt

from twinev.sct.chart import chart_spec
from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule


def figure(problem: Problem, schedule: Schedule) -> alt.ConcatChart:
    """Return the chart of `chart_spec` as Altair's own object: ``figure(problem, schedule).properties(title="…")``."""
    return alt.ConcatChart.from_dict(chart_spec(problem, schedule))
