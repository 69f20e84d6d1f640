"""Recommended charge points, and how sites are used."""

from __future__ import annotations

from twinev.client.calls import Calls, body_of
from twinev.wire.rest.metrics import PublicMetrics, StaffMetrics
from twinev.wire.rest.recommendations import RecommendationAsk, RecommendationsOut


class InsightCalls(Calls):
    """Recommended charge points, and how sites are used."""

    def recommend(self, latitude_degrees: float, longitude_degrees: float, **wish: object) -> RecommendationsOut:
        """Free, compatible charge points near a place, the best first; ``wish`` as in `RecommendationAsk`.

        What is left out is taken from one's preferences and default vehicle, where there are any.
        """
        body = body_of(
            RecommendationAsk, latitude_degrees=latitude_degrees, longitude_degrees=longitude_degrees, **wish
        )
        # Sent as given: what is left out is the driver's preference.
        said = body.model_dump(mode="json", exclude_unset=True)
        return self._connection.read(self._connection.send("POST", "/recommendations", json=said), RecommendationsOut)

    def metrics(self, *, site_id: str | None = None, months: int = 12) -> PublicMetrics:
        """The past months of public sites, rounded."""
        return self._connection.get("/metrics", PublicMetrics, site_id=site_id, months=months)

    def staff_metrics(self, site_id: str, month: str) -> StaffMetrics:
        """A past month (YYYY-MM) of one site with its days."""
        return self._connection.get("/metrics/staff", StaffMetrics, site_id=site_id, month=month)
