"""The state of each part; open to everybody, so that a supervisor can ask."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from twinev import __version__
from twinev.api.platform import HealthCheck, Platform, ThePlatform
from twinev.errors import TwinEVError, Unavailable
from twinev.wire.rest.system import HealthOut, PartHealth

router = APIRouter(prefix="/api/v1/health", tags=["health"])

_CHECK_SECONDS = 3.0
_LATE = timedelta(seconds=30)


@router.get("")
async def health(platform: ThePlatform) -> HealthOut:
    """Tell how each part is. The answer is 200 whatever it tells: the API itself is there."""
    own, *others = await asyncio.gather(
        run_in_threadpool(_database_parts, platform), *(_checked(check) for check in platform.health_checks)
    )
    parts = (*own, *others)
    status = "ok" if all(part.ok for part in parts) else "degraded"
    return HealthOut(status=status, version=__version__, now=platform.clock.now(), parts=parts)


async def _checked(check: HealthCheck) -> PartHealth:
    try:
        return await asyncio.wait_for(check(), _CHECK_SECONDS)
    except (TwinEVError, TimeoutError) as error:
        name = getattr(check, "__name__", type(check).__name__)
        return PartHealth(name=name, ok=False, detail=str(error) or "no answer in time")


def _database_parts(platform: Platform) -> tuple[PartHealth, ...]:
    now = platform.clock.now()
    try:
        with platform.reading() as work:
            known, online = work.stations.count()
            waiting, since = work.outbox.lag()
            aside = work.facts.set_aside_since(now - timedelta(days=1))
    except Unavailable as error:
        return (PartHealth(name="database", ok=False, detail=str(error)),)
    late = since is not None and platform.clock.wall_seconds((now - since).total_seconds()) > _LATE.total_seconds()
    return (
        PartHealth(name="database", ok=True),
        PartHealth(name="stations", ok=True, detail=f"{online} of {known} online"),
        PartHealth(name="outbox", ok=not late, detail=f"{waiting} events wait"),
        PartHealth(name="facts", ok=True, detail=f"{aside} set aside within a day"),
    )
