"""Loads every page of the dashboards, so that a kernel that has done so opens any of them at once."""

from __future__ import annotations

from twinev.ui.charge_points_page import open_page as open_charge_points
from twinev.ui.grid_operator_page import open_page as open_grid_operators

__all__ = ["open_charge_points", "open_grid_operators"]
