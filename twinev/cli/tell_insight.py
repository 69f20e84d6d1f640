"""Prints why a plan is as it is: what each restriction costs, which limits bind, what a kWh is worth when."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twinev.sct import Insight, Problem
from twinev.sct.diagnose import times_text
from twinev.sct.display import printable
from twinev.sct.insight import ORDERS

STRETCHES = 12


def tell_insight(console: Console, problem: Problem, insight: Insight) -> None:
    """Print an insight, times as the site's clock shows them."""
    console.print()
    for cost in insight.restrictions:
        orders = cost.restriction == ORDERS
        who = "The flexibility orders cost" if orders else f"The limit of group {printable(cost.restriction)} costs"
        short = f" and {cost.shortfall_kwh:.1f} kWh of shortfall" if cost.shortfall_kwh else ""
        console.print(Text(f"{who} € {cost.cost_eur:.2f}{short}."), soft_wrap=True)
    for limit in insight.binding:
        most = max(limit.saving_eur_per_kwh)
        worth = f"one kWh more would save up to € {most:.3f}" if most > 0 else "more of it would save nothing"
        when = times_text(problem, np.array(limit.slots))
        name = printable(limit.limit)
        console.print(Text(f"{name[0].upper()}{name[1:]} is used up {when}: {worth}."), soft_wrap=True)
    table = Table("from", "to", "a kWh more costs €", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.columns[2].justify = "right"
    runs = _runs(insight.shadow_price_eur_per_kwh)
    for first, last, price in runs[:STRETCHES]:
        horizon, clock = problem.horizon, problem.clock_time
        table.add_row(clock(horizon.slot_start(first)), clock(horizon.slot_end(last)), f"{price:.4f}")
    console.print(table)
    if len(runs) > STRETCHES:
        console.print(f"… and {len(runs) - STRETCHES} more stretches, in the file")


def _runs(prices: tuple[float, ...]) -> list[tuple[int, int, float]]:
    """First slot, last slot and price of each stretch of equal prices."""
    runs = []
    for price, slots in groupby(range(len(prices)), key=lambda slot: prices[slot]):
        places = list(slots)
        runs.append((places[0], places[-1], price))
    return runs
