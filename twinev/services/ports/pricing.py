"""Stored tariffs, charge detail records and payments; and who collects the money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentChange, PaymentStatus
from twinev.domain.tariffs import Tariff, TariffAssignment


class Tariffs(Protocol):
    """Tariffs with all their versions, and where each rules."""

    def get(self, tariff_id: str, *, version: int | None = None) -> Tariff:
        """Return a version, the latest by default; raise `NotFound` where there is none."""

    def versions(self, tariff_id: str) -> Sequence[Tariff]:
        """All versions of one tariff, the latest first."""

    def at(self, tariff_id: str, instant: datetime) -> Tariff | None:
        """The version in force; None when none is."""

    def latest(self, *, limit: int, after: str | None = None) -> Sequence[Tariff]:
        """The latest version of each, by id."""

    def add(self, tariff: Tariff) -> None:
        """Keep a version for good; raise `Conflict` when it is there already."""

    def assign(self, assignment: TariffAssignment) -> None: ...
    def assignments(self, site_id: str, *, at: datetime) -> Sequence[TariffAssignment]:
        """What rules at the site and its stations at an instant, one of each place."""


class ChargeDetailRecords(Protocol):
    """Records that are never changed, and the sessions that want one."""

    def mark(self, session_id: str, due_at: datetime) -> None:
        """Have the session settled at ``due_at`` or soon after."""

    def due(self, now: datetime, *, limit: int) -> Sequence[str]: ...
    def unmark(self, session_id: str) -> bool:
        """Take the mark away, and hold whoever would set it again until this transaction ends."""

    def get(self, cdr_id: str) -> ChargeDetailRecord: ...
    def of_session(self, session_id: str) -> Sequence[ChargeDetailRecord]:
        """All records of a session with their credits, in the order in which they were made."""

    def add(self, record: ChargeDetailRecord) -> None:
        """Keep a record for good; raise `Conflict` when it is there already."""

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        user_id: str | None = None,
        site_id: str | None = None,
        session_id: str | None = None,
        status: PaymentStatus | None = None,
    ) -> Sequence[ChargeDetailRecord]:
        """The records, the newest first."""

    def made(
        self, since: datetime | None, before: datetime | None, *, offset: int, limit: int
    ) -> tuple[Sequence[ChargeDetailRecord], int]:
        """Return those made in [since, before), the oldest first, and how many there are."""


class Payments(Protocol):
    """Every step of every payment; the last one is how it stands."""

    def add(self, change: PaymentChange) -> None: ...
    def history(self, cdr_id: str) -> Sequence[PaymentChange]: ...
    def current(self, cdr_ids: Iterable[str]) -> dict[str, PaymentChange]: ...


class PaymentProvider(Protocol):
    """Collects what records say is owed.

    It is asked within the transaction that keeps the record, so it answers at once and reaches nobody outside: what an
    outside party says later comes as a further change.
    """

    name: str

    def begin(self, record: ChargeDetailRecord) -> PaymentStatus:
        """How the payment of a new record stands."""

    def may_become(self, record: ChargeDetailRecord, status: PaymentStatus) -> frozenset[PaymentStatus]:
        """What the payment may become from ``status``."""
