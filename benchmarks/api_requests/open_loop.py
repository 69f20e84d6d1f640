"""Requests at a steady rate, whatever the answers do; a latency counts from the moment at which the request was due."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.api_requests.connections import Connections
from benchmarks.api_requests.kinds import EXPECTED, Ask, Scene, draw

_TICK_SECONDS = 0.001
#: After the last request; what is still unanswered then counts as an error.
_LAST_ANSWER_WITHIN_SECONDS = 30.0


@dataclass(kw_only=True)
class Outcome:
    """Milliseconds of each kind; answers that were expected but are no success, and answers that are failures."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0
    connections: int = 0
    late_ms: float = 0.0

    @property
    def all_ms(self) -> list[float]:
        return [value for values in self.milliseconds.values() for value in values]


async def run(port: int, scene: Scene, *, per_second: float, seconds: float) -> Outcome:
    """Ask ``per_second`` times a second for so long, and wait for the last answers.

    Returns
    -------
    Outcome
        Its ``late_ms`` is the most that a request was sent after it was due, for this process was busy; that is counted
        in the latencies too.
    """
    outcome, connections, under_way = Outcome(), Connections(port), set()
    # A pause of this process's collector would be told as the server's latency.
    gc.disable()
    try:
        began, count = time.perf_counter(), int(per_second * seconds)
        for number in range(count):
            due = began + number / per_second
            while time.perf_counter() < due:
                await asyncio.sleep(_TICK_SECONDS)
            outcome.late_ms = max(outcome.late_ms, (time.perf_counter() - due) * 1000)
            task = asyncio.create_task(_ask(connections, draw(scene), due, outcome))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            _, unanswered = await asyncio.wait(under_way, timeout=_LAST_ANSWER_WITHIN_SECONDS)
            for task in unanswered:
                task.cancel()
            if unanswered:
                outcome.failures["any", f"no answer within {_LAST_ANSWER_WITHIN_SECONDS:g} s"] = len(unanswered)
        outcome.seconds = time.perf_counter() - began
    finally:
        gc.enable()
        connections.close()
    outcome.connections = connections.opened
    return outcome


async def _ask(
    connections: Connections, ask: Ask, due: float, outcome: Outcome, clock: Callable[[], float] = time.perf_counter
) -> None:
    try:
        answer = await connections.ask(ask.request)
    except OSError as error:
        outcome.failures[ask.kind, str(error)] += 1
        return
    outcome.milliseconds[ask.kind].append((clock() - due) * 1000)
    if answer.status in EXPECTED.get(ask.kind, ()):
        outcome.refused[ask.kind, answer.status] += 1
    elif not 200 <= answer.status < 300:
        outcome.failures[ask.kind, f"{answer.status} {answer.body[:300].decode(errors='replace')}"] += 1
    ask.learn(answer)
