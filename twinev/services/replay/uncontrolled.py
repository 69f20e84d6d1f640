"""Uncontrolled charging: an EV gets its EVSE's full power from the moment it plugs in; the site's limit is ignored."""

from __future__ import annotations

from collections.abc import Mapping

from twinev.services.replay.strategy import PlanLog, SiteView


class Uncontrolled:
    """What happens where nobody plans."""

    def __init__(self) -> None:
        self.log = PlanLog()

    def offers_kw(self, view: SiteView) -> Mapping[str, float]:
        return {ev.id: ev.evse_kw for ev in view.plugged_in}
