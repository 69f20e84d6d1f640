"""Takes in what stations say of limits: what others set there, and what they can do with ours."""

from __future__ import annotations

from datetime import UTC, datetime

from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.facts import ChargingAbilitiesReported, ChargingLimitNotified, StationFact
from twinev.services.evse_limits import change_points
from twinev.services.fact_batch import FactBatch


def note_external_limit(fact: StationFact, batch: FactBatch) -> None:
    """Keep the limit, or forget it; where that changes what holds, the site is planned again."""
    said: ChargingLimitNotified = fact.fact
    if not (_forget(fact, batch) if said.cleared else _keep(fact, batch)):
        return
    told = {"evse_id": said.evse_id, "source": said.source, "grid_critical": said.grid_critical}
    kind = "station.limit_cleared" if said.cleared else "station.limited"
    batch.add_event(kind, fact.station_id, station_id=fact.station_id, **told)


def _forget(fact: StationFact, batch: FactBatch) -> bool:
    """Return whether there was anything to forget."""
    said: ChargingLimitNotified = fact.fact
    # Cleared without an EVSE: all that this source had set at the station.
    return batch.work.external_limits.clear(fact.station_id, said.source, evse_id=said.evse_id or None) > 0


def _keep(fact: StationFact, batch: FactBatch) -> bool:
    """Return whether the limit says anything new: many stations repeat theirs every minute."""
    said: ChargingLimitNotified = fact.fact
    limit = ExternalLimit(
        station_id=fact.station_id,
        evse_id=said.evse_id,
        source=said.source,
        schedule=said.schedule,
        grid_critical=said.grid_critical,
        at=said.timestamp,
    )
    limits = batch.work.external_limits
    place = (limit.evse_id, limit.source)
    known = next((one for one in limits.of([fact.station_id]) if (one.evse_id, one.source) == place), None)
    limits.save(limit)
    return known is None or not _say_the_same(known, limit)


def _say_the_same(known: ExternalLimit, limit: ExternalLimit) -> bool:
    """Whether both limit alike from now on; a schedule that names no start begins anew with each message."""
    if known.grid_critical != limit.grid_critical or (known.schedule is None) != (limit.schedule is None):
        return False
    if limit.schedule is None:
        return True
    both = (known.schedule, limit.schedule)
    instants = change_points(both, limit.at, datetime.max.replace(tzinfo=UTC))
    return all(both[0].limit_kw_at(instant) == both[1].limit_kw_at(instant) for instant in instants)


def note_abilities(fact: StationFact, batch: FactBatch) -> None:
    """Keep what the station can do; planning hears of it where it is news."""
    said: ChargingAbilitiesReported = fact.fact
    abilities = ChargingAbilities(
        station_id=fact.station_id,
        max_profiles=said.max_profiles,
        max_periods=said.max_periods,
        max_stack_level=said.max_stack_level,
        discharging_evses=frozenset(said.discharging_evses),
        at=said.timestamp,
    )
    known = batch.work.abilities.of([fact.station_id]).get(fact.station_id)
    batch.work.abilities.save(abilities)
    if known is None or _essence(known) != _essence(abilities):
        batch.add_event("station.abilities", fact.station_id, station_id=fact.station_id)


def _essence(abilities: ChargingAbilities) -> tuple[object, ...]:
    return abilities.max_profiles, abilities.discharging_evses
