"""What a dashboard's kernel sees, and when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from twinev.errors import Forbidden, NotAuthenticated, Unavailable
from twinev.ui import dashboard_kernels
from twinev.ui.dashboard_kernels import KernelWatch, OpenedKernel, kernel_environment
from twinev.ui.kernel_session import KernelGuard, open_kernel_client


def test_kernel_sees_only_what_is_allowed() -> None:
    environment = {
        "PATH": "/bin",
        "LANG": "C",
        "TWINEV_NATS_URL": "x",
        "TWINEV_DATABASE_URL": "x",
        "TWINEV_SECRET_KEY": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "HTTP_COOKIE": "x",
        "HTTP_X_TWINEV_TICKET": "ticket",
        "QUERY_STRING": "site=a",
    }

    seen = kernel_environment(environment, TWINEV_API_URL="http://api")

    assert seen == {
        "PATH": "/bin",
        "LANG": "C",
        "QUERY_STRING": "site=a",
        "TWINEV_TICKET": "ticket",
        "TWINEV_API_URL": "http://api",
    }


def test_kernel_without_ticket_says_so() -> None:
    with pytest.raises(NotAuthenticated, match="not started by `twinev dashboards`"):
        open_kernel_client(environment={"TWINEV_API_URL": "http://api"})


@pytest.mark.parametrize("refusal", [NotAuthenticated("x"), Forbidden("x")])
def test_guard_says_farewell_and_ends_the_kernel_when_refused(refusal: Exception) -> None:
    ended, order = threading.Event(), []
    answers = iter([None, Unavailable("away"), None, refusal])

    def ask() -> None:
        answer = next(answers)
        order.append("ask")
        if answer is not None:
            raise answer

    def end() -> None:
        order.append("end")
        ended.set()

    KernelGuard(ask=ask, before_end=lambda: order.append("farewell"), end=end, ask_seconds=0.001).start()

    assert ended.wait(5)
    assert order == ["ask"] * 4 + ["farewell", "end"]


def test_guard_ends_the_kernel_even_if_the_farewell_fails() -> None:
    ended = threading.Event()

    def refuse() -> None:
        raise NotAuthenticated("x")

    def fail() -> None:
        raise NotAuthenticated("the page is gone too")

    guard = KernelGuard(ask=refuse, before_end=fail, end=ended.set, ask_seconds=0.001)

    with pytest.raises(NotAuthenticated, match="the page is gone too"):
        guard._watch()
    assert ended.is_set()


class FakeKernels:
    """One kernel, as the watch sees it."""

    def __init__(self) -> None:
        self.opened = {"k": OpenedKernel(session_id="s", cookie="c", connected_at=0.0)}
        self.alive, self.connections = True, 1
        self.warm = SimpleNamespace(ready=(), heat=lambda: None)

    def get_kernel(self, kernel_id: str) -> SimpleNamespace:
        async def is_alive() -> bool:
            return self.alive

        return SimpleNamespace(is_alive=is_alive)

    def kernel_model(self, kernel_id: str) -> dict[str, int]:
        return {"connections": self.connections}

    async def shutdown_kernel(self, kernel_id: str, *, now: bool) -> None:
        del self.opened[kernel_id]


class FakeSessions:
    def __init__(self) -> None:
        self.answer: Callable[[], str] = lambda: "s"

    async def visitor(self, cookie: str) -> SimpleNamespace:
        return SimpleNamespace(session_id=self.answer())


def raising(error: Exception) -> Callable[[], str]:
    def answer() -> str:
        raise error

    return answer


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch):
    kernels, sessions, clock = FakeKernels(), FakeSessions(), SimpleNamespace(now=0.0)
    monkeypatch.setattr(dashboard_kernels, "monotonic", lambda: clock.now)
    watch = KernelWatch(kernels=kernels, sessions=sessions)

    def lives_at(seconds: float) -> bool:
        clock.now = seconds
        asyncio.run(watch.look())
        return bool(kernels.opened)

    return SimpleNamespace(kernels=kernels, sessions=sessions, lives_at=lives_at)


def test_watch_leaves_a_looked_at_kernel_alone(watched) -> None:
    assert watched.lives_at(100_000)


def test_watch_ends_a_kernel_whose_page_is_closed_for_a_minute(watched) -> None:
    assert watched.lives_at(1000)
    watched.kernels.connections = 0

    assert watched.lives_at(1059)
    assert not watched.lives_at(1060)


def test_watch_forgives_a_page_that_comes_back(watched) -> None:
    watched.kernels.connections = 0
    assert watched.lives_at(50)
    watched.kernels.connections = 1
    assert watched.lives_at(55)
    watched.kernels.connections = 0

    assert watched.lives_at(110)


def test_watch_clears_away_a_dead_kernel(watched) -> None:
    watched.kernels.alive = False

    assert not watched.lives_at(1)


@pytest.mark.parametrize("answer", [raising(NotAuthenticated("x")), lambda: "another session"])
def test_watch_ends_a_kernel_whose_session_is_over(watched, answer: Callable[[], str]) -> None:
    watched.sessions.answer = answer

    assert watched.lives_at(10)
    assert watched.lives_at(34)
    assert not watched.lives_at(35)


def test_watch_waits_for_an_api_that_is_away(watched) -> None:
    watched.sessions.answer = raising(Unavailable("x"))

    assert watched.lives_at(10)
    assert watched.lives_at(100_000)
