"""An operator publishes a tariff, a version that follows it, and where it rules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.checks import require_utc
from twinev.domain.money import Price
from twinev.domain.tariffs import Tariff, TariffAssignment, TariffElement
from twinev.domain.users import User
from twinev.errors import BadInput, Conflict
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

#: A begin as far back as this is "now", said by somebody whose clock is late.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class TariffDraft:
    """What an operator wants to publish; without ``valid_from`` it counts at once."""

    name: str
    currency: str
    elements: tuple[TariffElement, ...]
    min_price: Price | None = None
    max_price: Price | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    text: str = ""


def publish_tariff(
    draft: TariffDraft, *, tariff_id: str | None = None, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock
) -> Tariff:
    """Publish a new tariff; without an id it gets one.

    Raises
    ------
    BadInput
        It would begin in the past.
    Conflict
        There is a tariff with that id: what is published is not changed, but followed by a version.
    """
    with unit_of_work() as work:
        tariff = publish_first(draft, tariff_id or uuid.uuid4().hex, by=user.username, work=work, now=clock.now())
        work.commit()
    return tariff


def publish_first(draft: TariffDraft, tariff_id: str, *, by: str, work: UnitOfWork, now: datetime) -> Tariff:
    """Publish a tariff within somebody's unit of work; raises as `publish_tariff` does."""
    tariff = _published(draft, tariff_id, 1, by=by, now=now)
    _keep(tariff, work)
    return tariff


def publish_version(
    draft: TariffDraft, tariff_id: str, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock
) -> Tariff:
    """Publish what follows a tariff's latest version, and counts for sessions that begin from its own begin on.

    Raises
    ------
    NotFound
        No tariff has that id.
    BadInput
        It would begin in the past, or not after the version before.
    Conflict
        It has another currency.
    """
    with unit_of_work() as work:
        before = work.tariffs.get(tariff_id)
        tariff = _published(draft, tariff_id, before.version + 1, by=user.username, now=clock.now())
        if tariff.valid_from <= before.valid_from:
            allowed = f"a time after version {before.version} begins, {before.valid_from.isoformat()}"
            raise BadInput("valid_from", tariff.valid_from.isoformat(), allowed)
        if tariff.currency != before.currency:
            raise Conflict(f"tariff {tariff_id} is in {before.currency}: publish another one in {tariff.currency}")
        _keep(tariff, work)
        work.commit()
    return tariff


def assign_tariff(assignment: TariffAssignment, *, work: UnitOfWork) -> None:
    """Let a tariff rule at a site, a station or an EVSE from now on; the caller commits.

    Raises
    ------
    NotFound
        Nobody knows the site, the station or the tariff.
    BadInput
        The station is not at the site, or has no such EVSE.
    """
    work.sites.get(assignment.site_id)
    if assignment.tariff_id is not None:
        work.tariffs.get(assignment.tariff_id)
    if assignment.station_id is not None:
        station = work.stations.get(assignment.station_id)
        if station.site_id != assignment.site_id:
            raise BadInput("station_id", assignment.station_id, f"a station of the site {assignment.site_id}")
        if assignment.evse_id and all(evse.id != assignment.evse_id for evse in station.evses):
            known = ", ".join(str(evse.id) for evse in station.evses)
            raise BadInput("evse_id", assignment.evse_id, f"0 for the whole station, or one of its EVSEs: {known}")
    work.tariffs.assign(assignment)
    named = {"site_id": assignment.site_id, "station_id": assignment.station_id, "evse_id": assignment.evse_id}
    since = assignment.since.isoformat()
    work.events.add("tariff.assigned", named | {"tariff_id": assignment.tariff_id, "since": since})


def tariff_at(site_id: str, station_id: str, evse_id: int, instant: datetime, *, work: UnitOfWork) -> Tariff | None:
    """The version that rules at an EVSE: its own before its station's before its site's; None is free of charge."""
    return RulingTariffs(work).at(site_id, station_id, evse_id, instant)


class RulingTariffs:
    """Which tariffs rule where, for many EVSEs: what is asked again is read once."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._rules: dict[tuple[str, datetime], dict[tuple[str | None, int], str | None]] = {}
        self._tariffs: dict[tuple[str, datetime], Tariff | None] = {}

    def at(self, site_id: str, station_id: str, evse_id: int, instant: datetime) -> Tariff | None:
        """As `tariff_at`."""
        rules = self._rules_at(site_id, instant)
        for place in ((station_id, evse_id), (station_id, 0), (None, 0)):
            tariff_id = rules.get(place)
            tariff = None if tariff_id is None else self._version(tariff_id, instant)
            if tariff is not None:
                return tariff
        return None

    def _rules_at(self, site_id: str, instant: datetime) -> dict[tuple[str | None, int], str | None]:
        key = (site_id, instant)
        if key not in self._rules:
            found = self._work.tariffs.assignments(site_id, at=instant)
            self._rules[key] = {(rule.station_id, rule.evse_id): rule.tariff_id for rule in found}
        return self._rules[key]

    def _version(self, tariff_id: str, instant: datetime) -> Tariff | None:
        key = (tariff_id, instant)
        if key not in self._tariffs:
            self._tariffs[key] = self._work.tariffs.at(tariff_id, instant)
        return self._tariffs[key]


def _published(draft: TariffDraft, tariff_id: str, version: int, *, by: str, now: datetime) -> Tariff:
    valid_from = require_utc("valid_from", draft.valid_from or now)
    if valid_from < now - CLOCK_TOLERANCE:
        allowed = f"now or a time to come, for what was charged has its price; it is {now.isoformat()}"
        raise BadInput("valid_from", valid_from.isoformat(), allowed)
    return Tariff(
        id=tariff_id,
        version=version,
        name=draft.name,
        currency=draft.currency,
        elements=draft.elements,
        min_price=draft.min_price,
        max_price=draft.max_price,
        valid_from=valid_from,
        valid_to=draft.valid_to,
        published_at=now,
        published_by=by,
        text=draft.text,
    )


def _keep(tariff: Tariff, work: UnitOfWork) -> None:
    work.tariffs.add(tariff)
    told = {"tariff_id": tariff.id, "version": tariff.version, "name": tariff.name, "currency": tariff.currency}
    work.events.add("tariff.published", told | {"valid_from": tariff.valid_from.isoformat()})
