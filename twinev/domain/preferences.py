"""What a driver prefers in general; a session may ask for something else."""

from __future__ import annotations

from dataclasses import dataclass

from twinev.domain.checks import require_finite, require_text
from twinev.domain.vehicles import DriverProfile


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """One user's; ``version`` counts the changes (0: nobody has chosen anything yet).

    ``min_target_soc`` is the state of charge that a recommendation must reach, ``max_distance_km`` how far the driver
    goes for it. The ``notify_`` flags say of what he wants to hear.
    """

    user_id: str
    profile: DriverProfile = DriverProfile.DEFAULT
    min_target_soc: float = 0.8
    max_distance_km: float = 5.0
    language: str = "en"
    notify_reservation: bool = True
    notify_session_ended: bool = True
    notify_price: bool = False
    default_vehicle_id: str | None = None
    version: int = 0

    def __post_init__(self) -> None:
        require_finite("min_target_soc", self.min_target_soc, at_least=0, at_most=1)
        require_finite("max_distance_km", self.max_distance_km, at_least=0, at_most=1000)
        require_text("language", self.language, longest=35)
