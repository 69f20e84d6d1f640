"""A driver changes his preferences, unless he did so meanwhile on another device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from twinev.domain.preferences import Preferences
from twinev.domain.users import User
from twinev.errors import ChangedMeanwhile
from twinev.services.keep_vehicles import seen_vehicle
from twinev.services.ports.unit_of_work import UnitOfWork


def change_preferences(
    changes: Mapping[str, Any], *, user: User, work: UnitOfWork, require_seen: Callable[[Preferences], None]
) -> Preferences:
    """Replace the named preferences; the caller commits.

    Parameters
    ----------
    require_seen : Callable
        Raises unless these are the preferences that the change was made from.

    Raises
    ------
    ChangedMeanwhile
        They were changed since.
    BadInput, NotFound
        A value cannot be used; the vehicle is not the user's.
    """
    known = work.preferences.of(user.id)
    require_seen(known)
    if changes.get("default_vehicle_id") is not None:
        seen_vehicle(changes["default_vehicle_id"], user=user, work=work)
    changed = replace(known, **changes, version=known.version + 1)
    if not work.preferences.save(changed, was=known.version):
        raise ChangedMeanwhile("the preferences")
    return changed
