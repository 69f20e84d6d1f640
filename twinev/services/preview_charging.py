"""What charging would come to with each profile, before it starts: when full, what it costs, how green it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.domain.charge_order import BatteryState
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import Tariff
from twinev.domain.users import User
from twinev.domain.vehicles import DriverProfile
from twinev.errors import BadInput, Conflict
from twinev.sct import Schedule
from twinev.services.build_problem import BuiltProblem, build_problem
from twinev.services.idle_sessions import IdleSessions
from twinev.services.known_limits import KnownLimits
from twinev.services.planned_power import PlannedPower
from twinev.services.ports.clock import Clock
from twinev.services.ports.planning import Planner
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.price_session import contract_at_start, tariff_of
from twinev.services.pricing.market_prices import MarketPrices, market_prices
from twinev.services.pricing.planned_curve import planned_curve
from twinev.services.pricing.session_cost import cost_of
from twinev.services.renewable_part import renewable_part
from twinev.services.session_progress import PlannedStep, done_at, steps_ahead
from twinev.services.site_state import SiteState, read_site_state
from twinev.services.start_charging import StartWish, intended_charge

#: The session that is planned though it has not begun; no real one has this name.
PREVIEW_ID = "preview"
#: Nobody knows prices long before; what is asked for is read and priced in quarters of an hour.
FARTHEST = timedelta(days=7)
#: Each preview keeps the planner busy four times, and the running sites need it too.
AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class ProfileOutcome:
    """What one profile would give by the departure.

    ``soc`` is the state of charge then, None without a word on the battery; ``done_at`` is when the energy asked for
    will have flowed, None where it will not. ``renewable_part`` is a ratio, 0 to 1; None where no energy flows.
    ``explanation`` says why the target is not met, where it is not.
    """

    profile: DriverProfile
    energy_kwh: float
    soc: float | None
    done_at: datetime | None
    cost: SessionCost
    renewable_part: float | None
    plan: tuple[PlannedStep, ...]
    explanation: str | None


@dataclass(frozen=True, kw_only=True)
class ChargingPreview:
    """The outcomes, side by side. ``wanted_kwh`` is what the driver asks for, else what the site gives by default."""

    station_id: str
    evse_id: int
    now: datetime
    departure_at: datetime
    wanted_kwh: float
    outcomes: tuple[ProfileOutcome, ...]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """The site with a session that does not exist yet, and by what it would be priced."""

    state: SiteState
    session: ChargingSession
    battery: BatteryState | None
    tariff: Tariff | None
    market: MarketPrices
    stop_at_target: bool


class PreviewCharging:
    """Plans the site as if the driver charged already, once with each profile, without telling anybody.

    Parameters
    ----------
    reading : UnitOfWorkFactory
        It writes nothing.
    time_limit_seconds : float
        For each plan. [s]
    """

    def __init__(
        self,
        *,
        planner: Planner,
        reading: UnitOfWorkFactory,
        clock: Clock,
        rules: ReservationRules,
        known: KnownLimits,
        idle: IdleSessions,
        time_limit_seconds: float = 5.0,
    ) -> None:
        self._planner = planner
        self._reading = reading
        self._clock = clock
        self._rules = rules
        self._known = known
        self._idle = idle
        self._time_limit_seconds = time_limit_seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def preview(self, wish: StartWish, *, user: User) -> ChargingPreview:
        """Return what each profile would give.

        Raises
        ------
        NotFound, BadInput, Conflict
            As `twinev.services.start_charging.start_charging` does; also Conflict while the station is offline.
        Unavailable
            No planner answers.
        """
        async with self._turns:
            asked = await asyncio.to_thread(self._read, wish, user)
            outcomes = [await self._outcome(asked, profile) for profile in DriverProfile]
        session = asked.session
        return ChargingPreview(
            station_id=session.station_id,
            evse_id=session.evse_id,
            now=session.started_at,
            departure_at=session.needs.departure_at,
            wanted_kwh=session.needs.energy_kwh,
            outcomes=tuple(outcomes),
        )

    def _read(self, wish: StartWish, user: User) -> _Asked:
        now = self._clock.now()
        if wish.departure_at is not None and wish.departure_at > now + FARTHEST:
            raise BadInput("departure_at", wish.departure_at.isoformat(), f"within {FARTHEST.days} days from now")
        with self._reading() as work:
            intended = intended_charge(wish, user=user, work=work, now=now, rules=self._rules)
            station = work.stations.get(intended.station_id)
            if not station.online:
                raise Conflict(f"station {station.id} is offline; nobody can start charging there now")
            told = self._known.of(work, [one.id for one in work.stations.list(site_id=station.site_id)])
            state = read_site_state(
                work,
                station.site_id,
                now,
                limits=dict(told.limits),
                unresponsive=frozenset(told.faults) - {station.id},
                idle_session_ids=self._idle.ids,
                learned_room=dict(told.room),
            )
            wanted_kwh = intended.needs.energy_kwh
            needs = replace(
                intended.needs,
                energy_kwh=state.site.default_energy_kwh if wanted_kwh is None else wanted_kwh,
                departure_at=intended.needs.departure_at or now + timedelta(minutes=state.site.default_stay_minutes),
            )
            session = ChargingSession(
                id=PREVIEW_ID,
                site_id=state.site.id,
                station_id=station.id,
                evse_id=intended.evse_id,
                ocpp_transaction_id=PREVIEW_ID,
                id_token=None,
                user_id=user.id,
                started_at=now,
                needs=needs,
            )
            return _priced(state, session, intended.battery, stop_at_target=wish.stop_at_target, work=work)

    async def _outcome(self, asked: _Asked, profile: DriverProfile) -> ProfileOutcome:
        session = replace(asked.session, needs=replace(asked.session.needs, profile=profile))
        built = await asyncio.to_thread(build_problem, _with(asked.state, session))
        schedule = await self._planner.plan(
            built.problem, formulation=built.formulation, time_limit_seconds=self._time_limit_seconds
        )
        return _outcome(asked, session, built, schedule)


def _priced(
    state: SiteState, session: ChargingSession, battery: BatteryState | None, *, stop_at_target: bool, work: UnitOfWork
) -> _Asked:
    contract = contract_at_start(session.user_id, session, work=work)
    tariff = tariff_of(session, contract, work=work)
    market = MarketPrices(start=session.started_at)
    if tariff is not None and tariff.follows_market:
        end = max(session.needs.departure_at, state.horizon.end)
        market = market_prices(work.series, state.site.price_zone, session.started_at, end)
    return _Asked(
        state=state,
        session=session,
        battery=battery,
        tariff=tariff,
        market=market,
        stop_at_target=stop_at_target,
    )


def _with(state: SiteState, session: ChargingSession) -> SiteState:
    """The state with this session; whoever charges at its EVSE is taken to be gone by then."""
    place = (session.station_id, session.evse_id)
    others = (one for one in state.sessions if (one.station_id, one.evse_id) != place)
    return replace(state, sessions=(*others, session))


def _outcome(asked: _Asked, session: ChargingSession, built: BuiltProblem, schedule: Schedule) -> ProfileOutcome:
    planned = PlannedPower(
        horizon=built.horizon, energy_kwh={entry.id: tuple(entry.energy_kwh) for entry in schedule.sessions}
    )
    plan = steps_ahead(session, planned, session.started_at)
    energy_kwh = sum(planned.energy_kwh.get(session.id, ()))
    reached_at = done_at(session, plan, session.started_at)
    stay_until = reached_at if asked.stop_at_target and reached_at else session.needs.departure_at
    curve = planned_curve(session.started_at, plan, stay_until)
    zone = ZoneInfo(asked.state.site.time_zone)
    return ProfileOutcome(
        profile=session.needs.profile,
        energy_kwh=energy_kwh,
        soc=asked.battery.soc_after(energy_kwh) if asked.battery else None,
        done_at=reached_at,
        cost=cost_of(curve, asked.tariff, zone=zone, market=asked.market),
        renewable_part=renewable_part(
            session.id,
            planned.energy_kwh,
            hours=built.horizon.slot_hours,
            demand_kw=built.scenario["demand_kw"],
            production_kw=built.scenario["production_kw"],
            grid_share=built.scenario["renewable_share"],
        ),
        plan=plan,
        explanation=_in_drivers_words(schedule.explanations),
    )


def _in_drivers_words(explanations: Iterable[str]) -> str | None:
    """The first sentence about this EV; the planner calls sessions by their ids."""
    named = f"Session {PREVIEW_ID} "
    return next((text.replace(named, "Your EV ") for text in explanations if named in text), None)
