"""Takes in values over time, and tells the sites that depend on them."""

from __future__ import annotations

from typing import Any

from twinev.domain.tariff import PLANNED_WITH, Series, SeriesKind
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork

#: These belong to a price zone, with all its sites; the others to one site.
OF_ZONES = frozenset({SeriesKind.PRICE, SeriesKind.RENEWABLE_SHARE})


def put_series(series: Series, *, work: UnitOfWork, **said_by: Any) -> None:
    """Keep the values and announce them to each site concerned, if plans look at them; the caller commits.

    Parameters
    ----------
    said_by
        More to say in the event: ``source`` and ``message_id`` of the message that brought the values.

    Raises
    ------
    NotFound
        The series is of a site that nobody knows.
    """
    sites = work.sites.list()
    of_zone = series.kind in OF_ZONES
    concerned = [site.id for site in sites if (site.price_zone if of_zone else site.id) == series.subject]
    if not concerned and not of_zone:
        raise NotFound("site", series.subject)
    work.series.put(series)
    if series.kind not in PLANNED_WITH:
        return
    for site_id in concerned:
        named = {"site_id": site_id, "kind": series.kind, "subject": series.subject}
        work.events.add("series.changed", named | said_by)
