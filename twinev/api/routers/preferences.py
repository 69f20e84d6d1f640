"""The caller's preferences."""

from __future__ import annotations

from fastapi import APIRouter, Response

from twinev.api.etags import TheEdit, etag_of, tell_version
from twinev.api.platform import Driving, Reading, ThePlatform
from twinev.domain.preferences import Preferences
from twinev.domain.vehicles import DriverProfile
from twinev.services.change_preferences import change_preferences
from twinev.wire.rest.preferences import PreferencesIn, PreferencesOut

router = APIRouter(prefix="/api/v1/preferences", tags=["preferences"])

_WHAT = "your preferences"


@router.get("")
def get_preferences(work: Reading, user: Driving, response: Response) -> PreferencesOut:
    """Show the caller's preferences, or what holds for who has chosen nothing."""
    preferences = work.preferences.of(user.id)
    tell_version(response, etag_of(preferences))
    return _out(preferences)


@router.patch("")
def patch_preferences(
    body: PreferencesIn, platform: ThePlatform, user: Driving, edit: TheEdit, response: Response
) -> PreferencesOut:
    """Change what is given."""
    given = body.model_dump(exclude_unset=True)
    changes = {key: value for key, value in given.items() if value is not None or key == "default_vehicle_id"}
    if "profile" in changes:
        changes["profile"] = DriverProfile(changes["profile"])
    with platform.unit_of_work() as work:
        changed = change_preferences(
            changes, user=user, work=work, require_seen=lambda seen: edit.require_version(_WHAT, etag_of(seen))
        )
        work.commit()
    tell_version(response, etag_of(changed))
    return _out(changed)


def _out(preferences: Preferences) -> PreferencesOut:
    return PreferencesOut(
        profile=preferences.profile.value,
        min_target_soc=preferences.min_target_soc,
        max_distance_km=preferences.max_distance_km,
        language=preferences.language,
        notify_reservation=preferences.notify_reservation,
        notify_session_ended=preferences.notify_session_ended,
        notify_price=preferences.notify_price,
        default_vehicle_id=preferences.default_vehicle_id,
    )
