"""Idempotency-Key: a creating POST that is repeated is answered as it was the first time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.identity import CurrentUser
from twinev.api.platform import ThePlatform
from twinev.errors import BadInput, Conflict
from twinev.services.ports.requests import KeptAnswer
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.wire.base import WireModel

#: How long an answer is kept, and after which time a first request without an answer is taken to have died.
KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)


class Once:
    """Does one request's work once.

    Parameters
    ----------
    key : str or None
        The header; without it the work is simply done.
    request_hash : bytes
        Of method, address and body, keyed: another request under the same key is refused.
    """

    def __init__(self, *, unit_of_work: UnitOfWorkFactory, user_id: str, key: str | None, request_hash: bytes) -> None:
        self._unit_of_work = unit_of_work
        self._user_id = user_id
        self._key = key
        self._request_hash = request_hash

    async def answer(
        self,
        make: Callable[[], Awaitable[WireModel]],
        *,
        status: HTTPStatus = HTTPStatus.CREATED,
        told_once: Collection[str] = (),
    ) -> JSONResponse:
        """Return what ``make`` made, now or at the first time.

        Parameters
        ----------
        told_once : collection of str
            Keys of the answer that are secrets: they are kept nowhere, and null when the answer is given again.
        """
        if self._key is None:
            return _response(status, (await make()).model_dump(mode="json"))
        kept = await run_in_threadpool(self._begin)
        if kept is not None:
            return _response(kept.status, kept.body)
        try:
            body = (await make()).model_dump(mode="json")
        except BaseException:
            await run_in_threadpool(self._release)
            raise
        await run_in_threadpool(self._keep, status, body | dict.fromkeys(told_once))
        return _response(status, body)

    def _begin(self) -> KeptAnswer | None:
        """Claim the key; return the answer that it has already.

        Raises
        ------
        BadInput
            The key belongs to another request.
        Conflict
            The first request with it is under way.
        """
        now = datetime.now(UTC)
        with self._unit_of_work() as work:
            keys = work.idempotency
            keys.forget_before(now - KEPT)
            if not keys.claim(self._user_id, self._key, self._request_hash, now):
                kept = keys.answer(self._user_id, self._key)
                if kept.request_hash != self._request_hash:
                    raise BadInput("Idempotency-Key", self._key, "a new key for each different request")
                if kept.status is not None:
                    return kept
                if now - kept.at < ABANDONED:
                    raise Conflict(f"the first request with the Idempotency-Key {self._key} is still under way")
                keys.release(self._user_id, self._key)
                keys.claim(self._user_id, self._key, self._request_hash, now)
            work.commit()
        return None

    def _keep(self, status: int, body: dict[str, Any]) -> None:
        with self._unit_of_work() as work:
            work.idempotency.keep(self._user_id, self._key, int(status), body)
            work.commit()

    def _release(self) -> None:
        with self._unit_of_work() as work:
            work.idempotency.release(self._user_id, self._key)
            work.commit()


async def once(
    request: Request,
    platform: ThePlatform,
    user: CurrentUser,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
) -> Once:
    """Read the header and the request that it stands for."""
    address = f"{request.method} {request.url.path}?{request.url.query}\n"
    # Keyed: a body may hold a password, which a plain hash would let somebody guess at.
    content = address.encode() + await request.body()
    request_hash = hmac.digest(platform.secret_key.encode(), b"request\0" + content, hashlib.sha256)
    return Once(unit_of_work=platform.unit_of_work, user_id=user.id, key=key, request_hash=request_hash)


OnlyOnce = Annotated[Once, Depends(once)]


def _response(status: int, body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, status_code=int(status))
