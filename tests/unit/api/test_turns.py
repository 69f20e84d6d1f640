"""Many requests at once: none holds a connection while it waits for a thread that waits for a connection."""

import asyncio
import threading

from twinev.api.turns import READINGS, REQUEST_THREADS, limit_threads


class CountedReadings:
    """`Database.reading`, counting how many are open."""

    def __init__(self, reading):
        self._reading = reading
        self._lock = threading.Lock()
        self.open = self.most = 0

    def __call__(self):
        work = self._reading()
        enter, leave = work.__enter__, work.__exit__
        counted = self

        class Counted:
            def __enter__(self):
                with counted._lock:
                    counted.open += 1
                    counted.most = max(counted.most, counted.open)
                return enter()

            def __exit__(self, *error):
                with counted._lock:
                    counted.open -= 1
                return leave(*error)

        return Counted()


def test_readings_of_many_requests_keep_to_their_turns(api, database, monkeypatch):
    readings = CountedReadings(database.reading)
    object.__setattr__(api.app.state.platform, "reading", readings)

    async def ask() -> list[int]:
        limit_threads()
        async with api.client() as client:
            answers = await asyncio.gather(*(client.get("/stations") for _ in range(100)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 100
    assert 1 <= readings.most <= READINGS
    assert readings.open == 0


def test_pool_has_a_connection_for_every_thread_and_every_reading(database):
    pool = database._engine.pool

    assert pool.size() + pool._max_overflow > REQUEST_THREADS + READINGS
