"""What a station does when the CSMS orders it: charging profiles, transactions from afar, reports out of turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from twinev.simulator import limits
from twinev.simulator.evse import Evse
from twinev.simulator.limits import Period, StationProfile
from twinev.simulator.memory import Transaction
from twinev.simulator.profiles import InstalledProfiles, Refusal
from twinev.simulator.remote_start import PLUG_IN_TIMEOUT, RemoteStart
from twinev.simulator.reports import Reports
from twinev.simulator.reservation import KeptEvse
from twinev.simulator.station_clock import StationClock


class Orders:
    """Carries orders out, in no version's words.

    ``catch_up`` lets the station live up to now, which it returns; ``changed`` is called after each change, ``news``
    when there is only something to send.
    """

    def __init__(
        self,
        *,
        evses: Sequence[Evse],
        profiles: InstalledProfiles,
        reports: Reports,
        clock: StationClock,
        catch_up: Callable[[], datetime],
        changed: Callable[[], None],
        news: Callable[[], None],
    ) -> None:
        self._evses = evses
        self._profiles = profiles
        self._reports = reports
        self._clock = clock
        self._catch_up = catch_up
        self._changed = changed
        self._news = news

    def install(self, profile: StationProfile) -> Refusal | None:
        """Take a charging profile, or say why not."""
        now = self._clock.shown(self._catch_up())
        running = None
        if 1 <= profile.evse_id <= len(self._evses):
            transaction = self._evses[profile.evse_id - 1].transaction
            running = None if transaction is None else (transaction.csms_id or transaction.id)
        refusal = self._profiles.install(profile, now=now, transaction_id=running)
        self._changed()
        return refusal

    def clear(self, **criteria: Any) -> int:
        """Remove profiles; see `InstalledProfiles.clear`."""
        self._catch_up()
        cleared = self._profiles.clear(**criteria)
        self._changed()
        return cleared

    def composite(self, evse_id: int, duration_seconds: int, unit: str) -> tuple[datetime, tuple[Period, ...]]:
        """The schedule that an EVSE (0: the station) will apply from now on, in W or A."""
        now = self._clock.shown(self._catch_up())
        evses = self._evses if evse_id == 0 else [self._evses[evse_id - 1]]
        start, periods = limits.composite(
            self._profiles.all(),
            now=now,
            duration_seconds=duration_seconds,
            evses=[evse.outlet.circumstances() for evse in evses],
        )
        phases = max(evse.outlet.phases for evse in evses)
        return start, tuple(
            Period(start_seconds=period.start_seconds, limit=limits.from_kw(period.limit, unit, phases))
            for period in periods
        )

    def keep(self, kept: KeptEvse, evse_id: int | None) -> str:
        """Keep an EVSE, or any one, for a token; return OCPP's ReserveNow status."""
        self._catch_up()
        # The same number again replaces what was kept under it.
        asked = [evse for evse in self._evses if evse_id in (None, 0, evse.id)]
        free = next((evse for evse in asked if evse.keeping.possible(kept)), None)
        if free is None:
            return "Occupied" if asked else "Rejected"
        self.let_go(kept.reservation_id)
        free.keeping.begin(kept)
        self._changed()
        return "Accepted"

    def let_go(self, reservation_id: int) -> bool:
        """Keep an EVSE no longer; False when none is kept under that number."""
        self._catch_up()
        evse = next((evse for evse in self._evses if evse.keeping.under(reservation_id)), None)
        if evse is None:
            return False
        evse.keeping.end()
        self._changed()
        return True

    def start_from_afar(
        self,
        id_token: str,
        *,
        evse_id: int | None = None,
        remote_start_id: int | None = None,
        profile: StationProfile | None = None,
    ) -> Transaction | bool:
        """Start a transaction now, which is returned, or as soon as an EV comes; False when none can start."""
        now = self._catch_up()
        start = RemoteStart(
            id_token=id_token, remote_start_id=remote_start_id, profile=profile, until=now + PLUG_IN_TIMEOUT
        )
        asked = [evse for evse in self._evses if evse_id in (None, evse.id)]
        free = [evse for evse in asked if evse.transaction is None and not evse.keeping.refuses(id_token)]
        if not free:
            return False
        # Where somebody has plugged in already.
        evse = next((evse for evse in free if evse.plugged), free[0])
        evse.start_from_afar(start, now)
        self._changed()
        return evse.transaction or True

    def stop_from_afar(self, transaction_id: str) -> bool:
        """Stop the transaction of that id; False when it does not run."""
        now = self._catch_up()
        evse = next((evse for evse in self._evses if evse.runs(transaction_id)), None)
        if evse is None:
            return False
        evse.end_transaction("Remote", now)
        self._changed()
        return True

    def report_again(self, what: str, evse_id: int | None = None) -> bool:
        """Send the ``status``, the ``meter`` or a ``heartbeat`` once more; False when there is nothing to tell."""
        now = self._catch_up()
        asked = [evse for evse in self._evses if evse_id in (None, 0, evse.id)]
        if what == "heartbeat":
            self._reports.heartbeat_wanted = True
        elif what == "status":
            for evse in asked:
                evse.condition.tell()
        else:
            told = [evse.tell_meter(now) for evse in asked]
            if not any(told):
                return False
        self._news()
        return True
