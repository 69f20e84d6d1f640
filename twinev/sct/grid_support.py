"""Formulation ``grid``: ``v2g`` plus Eq. (24), the DSO's flexibility orders.

Inputs
    those of ``v2g``; per slot the flexibility order, of either sign.
Variables, objective
    those of ``v2g``.
Constraints
    those of ``v2g`` with PMax + Flexibility_t wherever PMax stands; an order never moves PMin. The sum is in the
    inputs' upper limit, so the equations are the same. It may be negative: the site is then to export.
"""

from __future__ import annotations

from twinev.sct import v2g

OBJECTIVE = v2g.OBJECTIVE
build = v2g.build
objective = v2g.objective
