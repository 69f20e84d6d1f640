"""Formulation ``grid``: ``cpo`` plus what the grid asks of the site, flexibility orders (24) and V2G (23).

A flexibility order moves the import limit, PMax + Flexibility_t, in every equation where PMax stands; it never moves
the export limit. Both changes are in the inputs (the limit per slot, the discharge power per EV), so the equations are
those of ``cpo``.
"""

from __future__ import annotations

from twinev.sct.cpo import Model, build, objective

__all__ = ["Model", "build", "objective"]
