"""The repository of drivers' preferences."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from twinev.adapters.database.driver_tables import preferences as table
from twinev.adapters.database.statements import insert_new
from twinev.domain.preferences import Preferences
from twinev.domain.vehicles import DriverProfile


class DatabasePreferences:
    """Implements `twinev.services.ports.drivers.PreferencesStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user_id: str) -> Preferences:
        row = self._connection.execute(select(table).where(table.c.user_id == user_id)).first()
        if row is None:
            return Preferences(user_id=user_id)
        return Preferences(**{**row._mapping, "profile": DriverProfile(row.profile)})

    def save(self, preferences: Preferences, *, was: int) -> bool:
        row = {column.name: getattr(preferences, column.name) for column in table.c}
        row["profile"] = str(preferences.profile)
        if was == 0:
            return insert_new(self._connection, table, [row]) == 1
        same = (table.c.user_id == preferences.user_id) & (table.c.version == was)
        return self._connection.execute(update(table).where(same).values(row)).rowcount == 1
