"""Versions of what can be edited, and edits that name the one that they were made from."""

from dataclasses import replace

import pytest

from twinev.api.etags import Edit, etag_of
from twinev.domain.charge_points import Location, Site
from twinev.errors import ChangedMeanwhile, VersionMissing

SITE = Site(id="s", name="Site", location=Location(latitude_degrees=52.1, longitude_degrees=5.1), supply_max_kw=50)


def test_etag_is_the_same_for_equal_things():
    assert etag_of(SITE) == etag_of(replace(SITE))
    assert etag_of({"a": 1, "b": frozenset({"x", "y"})}) == etag_of({"b": frozenset({"y", "x"}), "a": 1})


def test_etag_differs_as_soon_as_one_value_does():
    assert etag_of(SITE) != etag_of(replace(SITE, supply_max_kw=51))


def test_etag_is_quoted_as_rfc_9110_wants():
    tag = etag_of(SITE)

    assert tag[0] == tag[-1] == '"'
    assert '"' not in tag[1:-1]


@pytest.mark.parametrize("given", ['"v1"', "*", '"v0", "v1"'])
def test_edit_from_the_present_version_goes_on(given):
    Edit(if_match=given).require_version("site s", '"v1"')


@pytest.mark.parametrize("given", ['"v0"', "", "v1", 'W/"v1"'])
def test_edit_from_another_version_is_refused(given):
    with pytest.raises(ChangedMeanwhile, match="site s"):
        Edit(if_match=given).require_version("site s", '"v1"')


def test_edit_without_a_version_is_refused():
    with pytest.raises(VersionMissing, match="If-Match"):
        Edit(if_match=None).require_version("site s", '"v1"')
