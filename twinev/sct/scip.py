"""Runs a canonical form on SCIP."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from pyscipopt import SCIP_EVENTTYPE, Eventhdlr, Expr, Model
from pyscipopt.scip import Term

from twinev.sct.canonical import CanonicalForm, Outcome

# SCIP's default tolerances (1e-6) are wider than what `verify` allows after sums over many slots.
FEASIBILITY = 1e-9
WATCH_SECONDS = 0.2

Watcher = Callable[[float, float], None]


def run_scip(form: CanonicalForm, *, gap: float, seconds: float, watch: Watcher | None = None) -> Outcome:
    """Solve; ``watch`` is told the incumbent's value and the bound of a search with integers."""
    started = time.monotonic()
    model = Model()
    model.hideOutput()
    columns = _add_columns(model, form)
    _add_rows(model, form, columns)
    if watch is not None and form.binary.size:
        watching = [SCIP_EVENTTYPE.BESTSOLFOUND, SCIP_EVENTTYPE.NODESOLVED]
        model.includeEventhdlr(_Watch(watch, watching), "watch", "tells incumbent and bound")
    left = seconds - (time.monotonic() - started)
    if left <= 0:
        return Outcome(status="nothing")
    model.setParams(
        {
            "limits/time": left,
            "limits/gap": gap,
            "numerics/feastol": FEASIBILITY,
            "numerics/dualfeastol": FEASIBILITY,
        }
    )
    model.optimize()
    return _read(model, columns)


class _Watch(Eventhdlr):
    def __init__(self, watch: Watcher, events: list[int]) -> None:
        super().__init__()
        self._watch, self._events, self._last = watch, events, 0.0

    def eventinit(self) -> None:
        for event in self._events:
            self.model.catchEvent(event, self)

    def eventexit(self) -> None:
        for event in self._events:
            self.model.dropEvent(event, self)

    def eventexec(self, event: object) -> None:
        del event
        if time.monotonic() - self._last >= WATCH_SECONDS:
            self._last = time.monotonic()
            self._watch(self.model.getPrimalbound(), self.model.getDualbound())


def _add_columns(model: Model, form: CanonicalForm) -> list:
    kinds = np.full(form.cost.size, "C")
    kinds[form.binary] = "B"
    return [
        model.addVar(
            vtype=str(kind),
            obj=cost,
            lb=None if np.isinf(lower) else lower,
            ub=None if np.isinf(upper) else upper,
        )
        for kind, cost, lower, upper in zip(
            kinds, form.cost.tolist(), form.column_lower.tolist(), form.column_upper.tolist(), strict=True
        )
    ]


def _add_rows(model: Model, form: CanonicalForm, columns: list) -> None:
    rows = form.matrix.tocsr()
    terms = [Term(column) for column in columns]
    places, values = rows.indices.tolist(), rows.data.tolist()
    for row, (lower, upper) in enumerate(zip(form.row_lower.tolist(), form.row_upper.tolist(), strict=True)):
        span = range(rows.indptr[row], rows.indptr[row + 1])
        left = Expr({terms[places[k]]: values[k] for k in span})
        if left.terms:
            model.addCons(left == upper if lower == upper else left <= upper)
        elif not lower <= 0 <= upper:
            # A row without variables that does not hold: nothing can mend it.
            model.addCons(Expr({terms[0]: 1.0}) <= form.column_lower[0] - 1)


def _read(model: Model, columns: list) -> Outcome:
    status = model.getStatus()
    if status in ("infeasible", "inforunbd"):
        return Outcome(status="infeasible")
    if not model.getNSols():
        return Outcome(status="nothing")
    best = model.getBestSol()
    x = np.array([best[column] for column in columns])
    proven = status in ("optimal", "gaplimit")
    return Outcome(status="optimal" if proven else "incumbent", x=x, bound=model.getDualbound())
