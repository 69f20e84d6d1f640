"""Calls for the analysis, answered as the API does."""

import httpx
from analysed_bodies import analysis_body, month_figures

from twinev.client import Client
from twinev.wire.rest.analysis import AnalysisMonths


def asked(answer: httpx.Response) -> tuple[Client, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def told(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer

    return Client("http://api.test", transport=httpx.MockTransport(told), token="given"), requests


def test_month_of_a_site_is_asked_for_with_patience():
    body = analysis_body()
    client, requests = asked(httpx.Response(200, json=body.model_dump(mode="json")))

    assert client.analysis("2026-11", site_id="s") == body
    assert (requests[0].url.path, dict(requests[0].url.params)) == (
        "/api/v1/analysis", {"month": "2026-11", "site_id": "s"},
    )  # fmt: skip
    # Days that are not counted yet are counted for the answer.
    assert requests[0].extensions["timeout"]["read"] >= 60


def test_months_of_all_sites_name_none():
    body = AnalysisMonths(site_id=None, as_of=analysis_body().as_of, items=(month_figures(),))
    client, requests = asked(httpx.Response(200, json=body.model_dump(mode="json")))

    assert client.analysis_months(months=3) == body
    assert dict(requests[0].url.params) == {"months": "3"}


def test_table_comes_as_text():
    client, requests = asked(httpx.Response(200, text="period,sessions\n2026-11,3\n"))

    assert client.analysis_csv("2026-11") == "period,sessions\n2026-11,3\n"
    assert requests[0].url.path == "/api/v1/analysis/export"
