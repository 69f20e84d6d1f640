"""What was odd about the sessions of a replay, how often, and what was done about it: nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from twinev.services.replay.record import RecordedSession
from twinev.services.replay.wishes import Wish, fitting_kwh, usable_departure, usable_energy_kwh

_NOTICEABLE = timedelta(minutes=15)
_LONG_STAY = timedelta(hours=24)
_ABOUT_EQUAL_KWH = 0.1
_ABOUT_EQUAL_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One session with what the planner made of its driver's words and what its EVSE can give."""

    session: RecordedSession
    wish: Wish
    evse_kw: float


@dataclass(frozen=True, kw_only=True)
class Oddity:
    """One row of the table; ``replayed`` is False where such sessions cannot take part."""

    key: str
    what: str
    done: str
    session_ids: tuple[str, ...]
    replayed: bool = True


def count_oddities(judged: Iterable[Judged]) -> list[Oddity]:
    """Return every rule of the table with the replayed sessions that it met, also where it met none."""
    judged = list(judged)
    return [
        Oddity(key=key, what=what, done=done, session_ids=tuple(j.session.id for j in judged if met(j)))
        for key, what, done, met in _RULES
    ]


def is_possible(session: RecordedSession) -> bool:
    """Whether the EV left after it came."""
    return session.disconnected_at > session.connected_at


def _first_said_late(judged: Judged) -> bool:
    told = [i.told_at for i in judged.session.inputs if usable_energy_kwh(i) is not None]
    return bool(told) and min(told) > judged.session.connected_at + _NOTICEABLE


def _departure_before_arrival(judged: Judged) -> bool:
    session = judged.session
    return any(i.departure_at is not None and usable_departure(i, session) is None for i in session.inputs)


def _unusable_request(judged: Judged) -> bool:
    return any(usable_energy_kwh(i) is None for i in judged.session.inputs)


def asked_less_than_taken(session: RecordedSession, wish: Wish) -> bool:
    """Whether the EV really took noticeably more than its driver asked for."""
    slack_kwh = max(_ABOUT_EQUAL_KWH, _ABOUT_EQUAL_SHARE * session.delivered_kwh)
    return not wish.energy_assumed and wish.asked_kwh < session.delivered_kwh - slack_kwh


def left_early(session: RecordedSession, wish: Wish) -> bool:
    """Whether the EV left noticeably before its declared (or assumed) departure."""
    return session.disconnected_at < wish.departure_at - _NOTICEABLE


def _asked_more_than_taken(judged: Judged) -> bool:
    wish, session = judged.wish, judged.session
    slack_kwh = max(_ABOUT_EQUAL_KWH, _ABOUT_EQUAL_SHARE * wish.asked_kwh)
    return not wish.energy_assumed and 0 < session.delivered_kwh < wish.asked_kwh - slack_kwh


def _asked_more_than_fits(judged: Judged) -> bool:
    fits_kwh = fitting_kwh(judged.session, judged.wish.departure_at, judged.evse_kw)
    return not judged.wish.energy_assumed and judged.wish.asked_kwh > fits_kwh + _ABOUT_EQUAL_KWH


_RULES: tuple[tuple[str, str, str, Callable[[Judged], bool]], ...] = (
    (
        "no_inputs",
        "the driver said nothing",
        "energy and stay assumed (see Assumptions), more energy as long as the EV draws",
        lambda j: not j.session.inputs,
    ),
    (
        "said_late",
        "the driver spoke more than 15 min after plugging in",
        "energy and stay assumed until then, as the planner could not know",
        _first_said_late,
    ),
    (
        "changed_mind",
        "the driver said something more than once",
        "each plan uses the last words before it",
        lambda j: len(j.session.inputs) > 1,
    ),
    (
        "departure_before_arrival",
        "a declared departure is not after the arrival",
        "that departure is ignored: an earlier one counts, else an assumed stay",
        _departure_before_arrival,
    ),
    (
        "unusable_request",
        "a request is missing, zero, negative or no number",
        "that request is ignored: an earlier one counts, else an assumed energy",
        _unusable_request,
    ),
    (
        "asked_more_than_fits",
        "asks for more than the EVSE can give until the departure",
        "the request is clipped to what fits, and grows again where the EV stays longer",
        _asked_more_than_fits,
    ),
    (
        "asked_more_than_taken",
        "asks for more than the EV then took",
        "planned as asked until the EV stops drawing, then dropped from the plan",
        _asked_more_than_taken,
    ),
    (
        "asked_less_than_taken",
        "asks for less than the EV really took",
        "planned as asked; what is missing counts as not delivered",
        lambda j: asked_less_than_taken(j.session, j.wish),
    ),
    (
        "left_early",
        "leaves more than 15 min before the declared or assumed departure",
        "the EV leaves when it really left; what was planned for later is lost and counts as not delivered",
        lambda j: left_early(j.session, j.wish),
    ),
    (
        "stayed_longer",
        "stays more than 15 min after the declared or assumed departure",
        "what is missing by then is charged at once, slot by slot",
        lambda j: j.session.disconnected_at > j.wish.departure_at + _NOTICEABLE,
    ),
    (
        "took_nothing",
        "the EV took no energy",
        "planned as asked until the EV refuses; not among the drivers to serve",
        lambda j: j.session.delivered_kwh <= 0,
    ),
    (
        "more_than_possible",
        "took more than its EVSE can give in its stay (a meter's slip)",
        "the EV's need is clipped to what is possible",
        lambda j: j.session.delivered_kwh > j.evse_kw * j.session.stay_hours + _ABOUT_EQUAL_KWH,
    ),
    (
        "done_outside_stay",
        "charging is said to have ended outside the stay",
        "that time is ignored: the EV is taken to have charged until it left",
        lambda j: (
            j.session.done_at is not None
            and not j.session.connected_at < j.session.done_at <= j.session.disconnected_at
        ),
    ),
    (
        "long_stay",
        "stays longer than 24 h",
        "replayed in full; each plan looks 24 h ahead",
        lambda j: j.session.stay > _LONG_STAY,
    ),
)
