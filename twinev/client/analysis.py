"""How months went: figures, days, and the table for spreadsheets."""

from __future__ import annotations

from twinev.client.calls import Calls
from twinev.wire.rest.analysis import AnalysisMonths, AnalysisOut

#: Days that nobody counted yet are counted for the answer.
ANALYSIS_SECONDS = 60.0


class AnalysisCalls(Calls):
    """How months went, at one site or at all together."""

    def analysis(self, month: str, *, site_id: str | None = None) -> AnalysisOut:
        """A month (YYYY-MM) with its days."""
        response = self._connection.send(
            "GET", "/analysis", params=_params(month, site_id), timeout_seconds=ANALYSIS_SECONDS
        )
        return self._connection.read(response, AnalysisOut)

    def analysis_months(self, *, months: int = 12, site_id: str | None = None) -> AnalysisMonths:
        """This month and those before it, the newest first, back to the first session."""
        params = {"months": months, "site_id": site_id}
        response = self._connection.send("GET", "/analysis/months", params=params, timeout_seconds=ANALYSIS_SECONDS)
        return self._connection.read(response, AnalysisMonths)

    def analysis_csv(self, month: str, *, site_id: str | None = None) -> str:
        """The month and its days as CSV."""
        params = _params(month, site_id)
        return self._connection.send("GET", "/analysis/export", params=params, timeout_seconds=ANALYSIS_SECONDS).text


def _params(month: str, site_id: str | None) -> dict[str, str | None]:
    return {"month": month, "site_id": site_id}
