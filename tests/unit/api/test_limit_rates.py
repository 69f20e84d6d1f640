"""How often somebody may ask."""

from __future__ import annotations

import pytest

from twinev.api.limit_rates import MOST_BUCKETS, Buckets, LimitRates, Rates

EMPTY_AFTER = 5  # a bucket of one request a second holds five


class Seconds:
    """A clock that is set by hand."""

    value = 0.0

    def __call__(self) -> float:
        return self.value


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def limited(api, seconds, *, per_user: float = 0.0, per_address: float = 0.0):
    """The API with these rates; the middleware of the real application, with a clock of ours."""
    for middleware in api.app.user_middleware:
        if middleware.cls is LimitRates:
            middleware.kwargs.update(rates=Rates(per_user=per_user, per_address=per_address), seconds=seconds)
    return api


def codes(api, number: int, path: str = "/stations", **options) -> list[int]:
    return [api.get(path, **options).status_code for _ in range(number)]


def test_bucket_gives_what_it_holds_and_then_at_its_rate(seconds):
    buckets = Buckets(2.0, seconds)

    assert [buckets.take("a") for _ in range(10)] == [0.0] * 10
    assert buckets.take("a") == pytest.approx(0.5)
    seconds.value = 0.5
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_bucket_holds_no_more_than_its_burst(seconds):
    buckets = Buckets(1.0, seconds)
    buckets.take("a")
    seconds.value = 1e6

    assert [buckets.take("a") for _ in range(5)] == [0.0] * 5
    assert buckets.take("a") > 0


def test_bucket_of_one_is_not_that_of_another(seconds):
    buckets = Buckets(1.0, seconds)
    while buckets.take("a") == 0:
        pass

    assert buckets.take("b") == 0.0


def test_buckets_are_forgotten_when_there_are_too_many(seconds):
    buckets = Buckets(1.0, seconds)
    for number in range(MOST_BUCKETS + 10):
        buckets.take(str(number))

    assert len(buckets._held) == MOST_BUCKETS


def test_rate_of_a_user_ends_in_429_with_the_time_to_wait(api, seconds):
    api = limited(api, seconds, per_user=1.0)
    api.get("/stations")  # from here on the login is known

    assert codes(api, EMPTY_AFTER + 1) == [200] * EMPTY_AFTER + [429]

    refused = api.get("/stations")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "wait 1 s" in refused.json()["detail"]
    assert api.get("/stations", role="grid_operator").status_code == 200
    seconds.value = 1.0
    assert codes(api, 2) == [200, 429]


def test_rate_of_an_address_counts_who_is_not_logged_in(api, seconds):
    api = limited(api, seconds, per_address=1.0)

    assert codes(api, EMPTY_AFTER + 1, role=None) == [401] * EMPTY_AFTER + [429]


def test_rate_of_an_address_counts_forged_tokens(api, seconds):
    api = limited(api, seconds, per_address=1.0)

    tried = [api.get("/stations", role=f"forged {number}").status_code for number in range(EMPTY_AFTER + 1)]

    assert tried == [401] * EMPTY_AFTER + [429]


def test_rate_of_an_address_does_not_hold_up_who_is_known_to_be_logged_in(api, seconds):
    api = limited(api, seconds, per_address=1.0)
    api.get("/stations")
    codes(api, 20, role=None)

    assert codes(api, 20) == [200] * 20


def test_rate_does_not_count_what_a_supervisor_asks(api, seconds):
    api = limited(api, seconds, per_address=1.0)

    assert codes(api, 20, path="/health", role=None) == [200] * 20
