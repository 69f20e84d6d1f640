"""Power moves between stations: whatever they answer, and in whatever order, their sum stays within the plans."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.domain.charging_profile import ProfilePurpose
from twinev.domain.commands import CommandReply, SetChargingProfile
from twinev.services.dispatch_plan import PlanDispatcher, WantedState
from twinev.services.told_limits import ToldLimits
from twinev.services.translate_plan import DesiredProfile, fallback_profiles, tx_profile

NAMES = "ABC"
POWERS_KW = st.tuples(*(st.integers(0, 11) for _ in NAMES))


@dataclass(frozen=True)
class Answer:
    """What a station does with a profile: when it answers, what it says, and whether it took it."""

    outcome: str
    obeys: bool


def answers() -> st.SearchStrategy[Answer]:
    honest = st.sampled_from([Answer("accepted", True), Answer("rejected", False), Answer("call_error", False)])
    silent = st.sampled_from([Answer("timeout", True), Answer("timeout", False), Answer("offline", False)])
    return st.one_of(st.just(Answer("accepted", True)), honest, silent)


class ScriptedStations:
    """Stations that answer in an order of their own; notes the sum of what they apply whenever one of them changes."""

    def __init__(self, make, order):
        self._inner = make.stations(make.clock())
        self._make = make
        self._order = {name: place for place, name in enumerate(order)}
        self.follow(dict.fromkeys(NAMES, ()))

    def follow(self, script):
        """From now on answer like this; whoever has no more answers accepts."""
        self._script = {name: iter(one) for name, one in script.items()}
        self.sums_kw = [self.sum_kw()]

    async def send(self, station_id, command, *, timeout_seconds=30.0):
        for _ in range(1 + 3 * self._order[station_id]):
            await asyncio.sleep(0)
        if not isinstance(command, SetChargingProfile) or command.profile.purpose is not ProfilePurpose.TX:
            return await self._inner.send(station_id, command)
        answer = next(self._script[station_id], Answer("accepted", True))
        if not answer.obeys:
            return CommandReply(command_id="c", outcome=answer.outcome)
        reply = await self._inner.send(station_id, command)
        self.sums_kw.append(self.sum_kw())
        return reply if answer.outcome == "accepted" else CommandReply(command_id="c", outcome=answer.outcome)

    def sum_kw(self):
        return sum(self._make.effective_kw(self._inner, name, self._make.NOW) or 0.0 for name in NAMES)


def wanted_of(make, sessions, powers_kw):
    state = make.state(
        site=make.site(fallback_kw=0.0), stations=tuple(make.station(name) for name in NAMES), sessions=sessions
    )
    hours = state.horizon.slot_hours
    plans = [
        DesiredProfile(
            key=(session.station_id, 1),
            profile=tx_profile(session, [kw * h for h in hours], state.horizon, last_slot=12),
            ceiling_kw=11.0,
        )
        for session, kw in zip(sessions, powers_kw, strict=True)
    ]
    return WantedState(
        site_id="site",
        plan_id="plan",
        slot=timedelta(minutes=15),
        profiles=(*fallback_profiles(state), *plans),
        transactions={(session.station_id, 1): session.ocpp_transaction_id for session in sessions},
        online=frozenset(NAMES),
    )


@settings(max_examples=60, deadline=None)
@given(
    old=POWERS_KW,
    new=POWERS_KW,
    order=st.permutations(NAMES),
    script=st.fixed_dictionaries({name: st.lists(answers(), max_size=2) for name in NAMES}),
)
def test_sum_never_exceeds_the_plans_whatever_the_order_and_kind_of_answers(make, old, new, order, script):
    memory = make.memory()
    memory.add(make.site(), *(make.station(name) for name in NAMES))
    sessions = tuple(make.session(name) for name in NAMES)
    told = ToldLimits()
    stations = ScriptedStations(make, order)

    async def act():
        dispatcher = PlanDispatcher(
            commands=stations, unit_of_work=memory.unit_of_work, clock=make.clock(), told=told, retry_seconds=(30.0,)
        )
        dispatcher.want(wanted_of(make, sessions, old))
        async with asyncio.timeout(10):
            await dispatcher.idle()
        assert stations.sum_kw() == sum(old)
        stations.follow(script)
        announced = len(memory.events_of("plan.sent"))
        dispatcher.want(wanted_of(make, sessions, new))
        idle = asyncio.create_task(dispatcher.idle())
        await make.until(lambda: idle.done() or len(memory.events_of("plan.sent")) > announced)
        await dispatcher.close()
        await idle

    asyncio.run(act())

    assert max(stations.sums_kw) <= max(sum(old), sum(new)) + 1e-9
    if all(answer.outcome == "accepted" for one in script.values() for answer in one):
        assert stations.sum_kw() == sum(new)
