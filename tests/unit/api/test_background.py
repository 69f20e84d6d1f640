"""The loops beside the requests: they end when the application ends."""

from __future__ import annotations

import asyncio

from twinev.api.background import running


async def _loses_one_cancellation(lost: list[bool]) -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if lost:
                raise
            # What a library does whose answer comes in the same moment.
            lost.append(True)


def test_running_ends_even_a_loop_that_loses_a_cancellation() -> None:
    lost: list[bool] = []

    async def scenario() -> None:
        async with asyncio.timeout(10), running({"stubborn": lambda: _loses_one_cancellation(lost)}):
            await asyncio.sleep(0)

    asyncio.run(scenario())

    assert lost == [True]
