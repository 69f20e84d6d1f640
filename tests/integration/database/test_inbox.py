"""Announcements of other modules, on both databases: taken once, newer before older, refused where they cannot be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.announcement import Announcement
from twinev.domain.tariff import Series, SeriesKind
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.take_announcement import take_announcement

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def announced(
    message_id: str = "1",
    *,
    kind: SeriesKind = SeriesKind.DEMAND,
    subject: str = "s",
    made: timedelta = timedelta(0),
    starts: timedelta = timedelta(0),
    values: tuple[float, ...] = (1.0, 2.0),
) -> Announcement:
    series = Series(kind=kind, subject=subject, start=NOW + starts, step_minutes=60, values=values)
    return Announcement(
        source="other",
        message_id=message_id,
        created_at=NOW + made,
        series=series,
        content_hash=hashlib.sha256(repr((series, made)).encode()).digest(),
    )


@pytest.fixture
def take(fleet):
    def take(announcement: Announcement, *, now: datetime = NOW) -> bool:
        with fleet.unit_of_work() as work:
            taken = take_announcement(announcement, work=work, now=now)
            work.commit()
        return taken

    return take


def values_of(database, kind: SeriesKind = SeriesKind.DEMAND, subject: str = "s") -> list[float | None]:
    with database.reading() as work:
        return work.series.values(kind, subject, NOW, step_minutes=60, count=3)


def events_of(database) -> list[dict]:
    with database.reading() as work:
        return [event.data for event in work.outbox.pending(99)]


def test_announcement_is_kept_and_told_with_its_source(fleet, take):
    assert take(announced())

    assert values_of(fleet) == [1.0, 2.0, None]
    told = {"site_id": "s", "kind": "demand_kw", "subject": "s", "source": "other", "message_id": "1"}
    assert events_of(fleet) == [told]


def test_same_announcement_again_changes_nothing(fleet, take):
    take(announced())

    assert not take(announced())
    # Also when its time is over by now: it was taken in, and there is nothing to refuse.
    assert not take(announced(), now=NOW + timedelta(days=2))

    assert len(events_of(fleet)) == 1


def test_same_id_with_other_content_is_refused(fleet, take):
    take(announced())

    with pytest.raises(Conflict, match="other content"):
        take(announced(values=(3.0, 4.0)))

    assert values_of(fleet) == [1.0, 2.0, None]


def test_same_id_of_another_source_is_another_message(take):
    take(announced())

    assert take(replace(announced(), source="somebody else"))


def test_newer_announcement_replaces_and_the_older_is_stale_when_it_comes_late(fleet, take):
    take(announced("new", made=timedelta(minutes=2), values=(5.0,)))

    with pytest.raises(Conflict, match="'new'"):
        take(announced("old", made=timedelta(minutes=1)))

    assert values_of(fleet) == [5.0, None, None]
    assert take(announced("newest", made=timedelta(minutes=3), values=(7.0, 8.0)))
    assert values_of(fleet) == [7.0, 8.0, None]


def test_older_announcement_about_another_time_or_site_or_kind_is_taken(fleet, take):
    take(announced("new", made=timedelta(minutes=2), values=(5.0,)))

    assert take(announced("other time", made=timedelta(minutes=1), starts=timedelta(hours=1), values=(6.0,)))
    assert take(announced("other kind", kind=SeriesKind.PRODUCTION, made=timedelta(minutes=1)))

    assert values_of(fleet) == [5.0, 6.0, None]


def test_price_of_a_zone_reaches_its_sites_and_an_unknown_zone_is_refused(fleet, take):
    assert take(announced(kind=SeriesKind.PRICE, subject="NL", values=(0.06,)))

    assert values_of(fleet, SeriesKind.PRICE, "NL")[0] == pytest.approx(0.06)
    assert [event["site_id"] for event in events_of(fleet)] == ["s"]
    with pytest.raises(NotFound, match="price zone of a site"):
        take(announced("2", kind=SeriesKind.PRICE, subject="Narnia"))


def test_unknown_site_is_refused(take):
    with pytest.raises(NotFound, match="nowhere"):
        take(announced(subject="nowhere"))


@pytest.mark.parametrize(
    ("announcement", "key"),
    [
        (announced(made=timedelta(minutes=6)), "created_at"),
        (announced(starts=timedelta(hours=-2)), "start"),
        (announced(starts=timedelta(days=400)), "start"),
        (announced(values=(1.0, 500.5)), "values[1]"),
        (announced(kind=SeriesKind.FLEXIBILITY, values=(50.5,)), "values[0]"),
        (announced(kind=SeriesKind.FLEXIBILITY, values=(-50.5,)), "values[0]"),
    ],
)
def test_times_and_values_that_cannot_be_meant_are_refused(fleet, take, announcement, key):
    with pytest.raises(BadInput) as caught:
        take(announcement)

    assert caught.value.key == key
    assert values_of(fleet, announcement.series.kind) == [None, None, None]


@pytest.mark.parametrize("value", [50.0, -50.0, 0.0])
def test_flexibility_order_may_move_the_limit_by_all_of_it(fleet, take, value):
    assert take(announced(kind=SeriesKind.FLEXIBILITY, values=(value,)))

    assert values_of(fleet, SeriesKind.FLEXIBILITY)[0] == value


def test_old_messages_are_forgotten_but_not_those_whose_time_is_to_come(fleet, take):
    take(announced("over", values=(1.0,)))
    take(announced("to come", starts=timedelta(days=60)))

    with fleet.unit_of_work() as work:
        work.inbox.forget_before(NOW + timedelta(days=30))
        work.commit()

    with fleet.reading() as work:
        assert work.inbox.content_hash("other", "over") is None
        assert work.inbox.content_hash("other", "to come") is not None
