"""Optimistic concurrency: an edit names the version that it was made from, by ETag and If-Match (RFC 9110, §13.1.1).

A GET tells the version in ``ETag``; a PUT or PATCH sends it back in ``If-Match`` and is refused when somebody
else changed the thing in between. To remove or to revoke overwrites nothing and needs no version; one that is sent is
honoured. The version covers what can be edited, not what is measured: a car that starts to charge must not spoil an
operator's edit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import Depends, Header, Response
from pydantic import BaseModel

from twinev.errors import ChangedMeanwhile, VersionMissing


def etag_of(*state: object) -> str:
    """Return the entity tag of what can be edited: dataclasses, wire models, or plain values of JSON."""
    text = orjson.dumps(state, default=_plain, option=orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def tell_version(response: Response, etag: str) -> None:
    """Put the version on an answer."""
    response.headers["ETag"] = etag


@dataclass(frozen=True, kw_only=True)
class Edit:
    """The version that a request was made from.

    Parameters
    ----------
    if_match : str or None
        The header: one entity tag, several, ``*`` for whatever is there, or nothing.
    """

    if_match: str | None

    def require_version(self, what: str, etag: str) -> None:
        """Let the edit go on if it was made from the version ``etag``; call it in the transaction that writes.

        Raises
        ------
        VersionMissing
            The request does not say from which version it was made.
        ChangedMeanwhile
            It was made from another one.
        """
        if self.if_match is None:
            raise VersionMissing(what)
        self.honour_version(what, etag)

    def honour_version(self, what: str, etag: str) -> None:
        """Let a request that needs no version go on, unless it names another one than ``etag``.

        What ends something means the same whatever its description: it need not be read first.

        Raises
        ------
        ChangedMeanwhile
            The request was made from another version.
        """
        if self.if_match is None:
            return
        # A weak tag (W/"…") never matches here: it says that two versions are alike, not that they are the same.
        given = {tag.strip() for tag in self.if_match.split(",")}
        if "*" not in given and etag not in given:
            raise ChangedMeanwhile(what)

    def require_new(self, what: str) -> None:
        """Let the making of something go on unless it was meant as an edit.

        Raises
        ------
        ChangedMeanwhile
            The request names a version of something that is not there.
        """
        if self.if_match is not None:
            raise ChangedMeanwhile(what)


async def edit_of(if_match: Annotated[str | None, Header(alias="If-Match", max_length=1000)] = None) -> Edit:
    """Read the header."""
    return Edit(if_match=if_match)


TheEdit = Annotated[Edit, Depends(edit_of)]


async def ending_of(if_match: Annotated[str | None, Header(alias="If-Match", max_length=1000)] = None) -> Edit:
    """Read the header of a request that may leave it out."""
    return Edit(if_match=if_match)


TheEnding = Annotated[Edit, Depends(ending_of)]


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a version")
