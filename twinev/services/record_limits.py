"""Takes in what stations say of limits: what others set there, and what they can do with ours."""

from __future__ import annotations

from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.facts import ChargingAbilitiesReported, ChargingLimitNotified, StationFact
from twinev.services.fact_batch import FactBatch


def note_external_limit(fact: StationFact, batch: FactBatch) -> None:
    """Keep the limit, or forget it, and have the site planned again."""
    said: ChargingLimitNotified = fact.fact
    limits = batch.work.external_limits
    if said.cleared:
        # Cleared without an EVSE: all that this source had set at the station.
        limits.clear(fact.station_id, said.source, evse_id=said.evse_id or None)
    else:
        limits.save(
            ExternalLimit(
                station_id=fact.station_id,
                evse_id=said.evse_id,
                source=said.source,
                schedule=said.schedule,
                grid_critical=said.grid_critical,
                at=said.timestamp,
            )
        )
    told = {"evse_id": said.evse_id, "source": said.source, "grid_critical": said.grid_critical}
    kind = "station.limit_cleared" if said.cleared else "station.limited"
    batch.add_event(kind, fact.station_id, station_id=fact.station_id, **told)


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
