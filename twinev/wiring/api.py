"""Builds and runs the API process: REST, login, and the loops that take in facts, plan sites and relay events."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine

from twinev.adapters.database.engine import in_this_process, open_engine
from twinev.adapters.database.leadership import leadership_over
from twinev.adapters.database.migrate import upgrade_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import StayingClient, connect, disconnect
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.event_hub import EventHub
from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.inbound_consumer import InboundConsumer
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.adapters.messaging.planner_client import PlannerClient
from twinev.adapters.messaging.planning_desk import NAME, PlanningDesk
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.adapters.messaging.streams import ensure_streams
from twinev.adapters.messaging.watchdog import link_health, while_linked
from twinev.api.app import create_app
from twinev.api.background import Service
from twinev.api.limit_rates import Rates
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.api.routers import (
    auth,
    charging_previews,
    dead_letters,
    driver,
    flexibility_orders,
    pages_login,
    pages_password,
    pages_return,
    pages_users,
    restrictions,
    station_keys,
    station_use,
    users,
)
from twinev.clock import PlatformClock
from twinev.domain.reservation import ReservationRules
from twinev.errors import BadInput, Unavailable
from twinev.private_file import write_private
from twinev.services.answer_stations import AnswerStations
from twinev.services.close_commands import CloseCommands
from twinev.services.command_station import CommandStation
from twinev.services.dispatch_plan import PlanDispatcher
from twinev.services.forget_old import ForgetOld
from twinev.services.idle_sessions import IdleSessions
from twinev.services.keep_reservations import KeepReservations
from twinev.services.known_limits import KnownLimits
from twinev.services.lead import while_leading
from twinev.services.plan_site import SitePlanner
from twinev.services.plan_sites import PlanSites
from twinev.services.ports.retention import Passing
from twinev.services.preview_charging import PreviewCharging
from twinev.services.preview_restriction import PreviewRestriction
from twinev.services.record_facts import record_facts
from twinev.services.record_faults import RecordFaults
from twinev.services.rotate_key import RotateKey
from twinev.services.set_up_demo import set_up_demo
from twinev.services.stop_charging import StopCharging
from twinev.services.take_announcement import take_announcement
from twinev.services.take_out_of_use import TakeOutOfUse
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_enforcement import WatchEnforcement
from twinev.services.watch_meters import WatchMeters
from twinev.services.watch_presence import WatchPresence
from twinev.settings import Settings
from twinev.wire.rest.system import PartHealth
from twinev.wiring import analysis, pricing
from twinev.wiring.data_dir import secret_key
from twinev.wiring.identity import IdentityParts
from twinev.wiring.nats_url import nats_url

logger = logging.getLogger(__name__)

GRACEFUL_SECONDS = 2
SWITCH_SECONDS = 0.0005
# Few: they share the interpreter with the thread that takes facts in, and a flood of commands to be recorded must not
# hold that one up. Stations' questions and facts have threads of their own.
SHARED_THREADS = 2


async def run_api(settings: Settings, *, demo: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    # Threads that compute hold the interpreter for 5 ms at a time by default, and each answer to a station needs it
    # several times: in a storm of reconnections that is the difference between milliseconds and a time-out.
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(SHARED_THREADS, thread_name_prefix="shared"))
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database_url or f"sqlite:///{settings.data_dir.absolute() / 'twinev.db'}")
    upgrade_engine(engine)
    url = nats_url(settings, "api")
    client = await connect(url, user="api")
    await ensure_streams(client)
    parts = ApiParts(settings=settings, engine=engine, client=client)
    parts.identity.make_accounts(demo=demo)
    warn_of_open_enrolment(settings)
    if demo:
        parts.set_up_demo()
    config = uvicorn.Config(
        parts.app(),
        host=settings.bind,
        port=settings.api_port,
        log_level="warning",
        access_log=False,
        http="httptools",
        **proxy_options(settings),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    try:
        sockets = [shared_socket(settings.bind, settings.api_port)] if settings.api_processes > 1 else None
        await while_linked(uvicorn.Server(config).serve(sockets), client, url)
    finally:
        parts.leadership.release()
        await disconnect(client)
        engine.dispose()


def shared_socket(address: str, port: int) -> socket.socket:
    """Return a socket that may listen where other API processes do: the kernel spreads connections among them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((address, port))
    return listening


def proxy_options(settings: Settings) -> dict[str, Any]:
    """Whose word uvicorn takes on where a request comes from; anybody else could make it look like another's."""
    trusted = settings.trusted_proxies.strip()
    if "*" in trusted:
        raise BadInput("TWINEV_TRUSTED_PROXIES", trusted, "addresses and networks, such as 10.0.0.2,10.1.0.0/16")
    return {"proxy_headers": bool(trusted), "forwarded_allow_ips": trusted}


def warn_of_open_enrolment(settings: Settings) -> None:
    """Say so where others than this machine could come in as a station."""
    if settings.ocpp_enrol == "open" and not settings.on_loopback:
        logger.warning(
            "TWINEV_OCPP_ENROL is open on %s: whoever reaches the gateway is taken in as a new station; "
            "set it to closed when commissioning is done",
            settings.bind,
        )


class ApiParts:
    """Everything in the API process, each part once."""

    def __init__(self, *, settings: Settings, engine: Engine, client: StayingClient) -> None:
        self.settings = settings
        self.engine = engine
        self.client = client
        self.clock = PlatformClock.from_text(settings.clock)
        self.secret = settings.secret_key or secret_key(settings.data_dir)
        self.leadership = leadership_over(engine)
        self.database = Database(engine=engine, clock=self.clock)
        self.identity = IdentityParts(settings=settings, engine=engine, secret=self.secret)
        self.events = EventHub(client=client)
        self.relay = OutboxRelay(
            client=client,
            leadership=self.leadership,
            on_refused=lambda: self.plan_sites.mark_all_dirty("event.refused"),
            **self._storage,
        )
        self.database.on_events(self.relay.wake)
        self.commands = StationCommandSender(client=client)
        self.presence = Presence(client=client)
        self.dead_letters = DeadLetters(client=client)
        self.reservation_rules = ReservationRules(grace_minutes=settings.reservation_grace_minutes)
        self.command_station = CommandStation(
            commands=self.commands, unit_of_work=self.database.unit_of_work, clock=self.clock
        )
        self.facts = FactConsumer(client=client, record=record_facts, **self._consuming)
        self._build_planning()

    @property
    def _storage(self) -> dict[str, Any]:
        return {"unit_of_work": self.database.unit_of_work, "reading": self.database.reading}

    @property
    def _consuming(self) -> dict[str, Any]:
        return {"unit_of_work": self.database.unit_of_work, "leadership": self.leadership, "clock": self.clock}

    def _build_planning(self) -> None:
        self.planner = PlannerClient(client=self.client)
        told, idle = ToldLimits(), IdleSessions()
        self.record_faults = RecordFaults(**self._storage)
        told.on_fault = self.record_faults.note
        timed = {"clock": self.clock, "told": told}
        dispatcher = PlanDispatcher(commands=self.commands, unit_of_work=self.database.unit_of_work, **timed)
        site_planner = SitePlanner(planner=self.planner, dispatcher=dispatcher, idle=idle, **self._storage, **timed)
        self.plan_sites = PlanSites(
            site_planner=site_planner,
            dispatcher=dispatcher,
            idle=idle,
            feed=self.events,
            backlog=self.facts,
            reading=self.database.reading,
            **timed,
        )
        self.watch_enforcement = WatchEnforcement(**self._storage, **timed)
        self.watch_meters = WatchMeters(reading=self.database.reading, **timed)
        self.planning_desk = PlanningDesk(client=self.client, own=self._planning_here)
        known = KnownLimits(told=told, plans_here=lambda: self.plan_sites.running)
        read = {"reading": self.database.reading, "clock": self.clock}
        previewing = {"planner": self.planner, "known": known, "idle": idle, **read}
        self.preview = PreviewRestriction(**previewing)
        self.preview_charging = PreviewCharging(rules=self.reservation_rules, **previewing)

    def set_up_demo(self) -> None:
        """Fill an empty database with the demonstration."""
        fleet = json.loads((files("twinev.simulator") / "demo_fleet.json").read_text(encoding="utf-8"))
        set_up_demo(
            fleet,
            unit_of_work=self.database.unit_of_work,
            clock=self.clock,
            secret_key=self.secret,
            gateway_url=f"ws://127.0.0.1:{self.settings.ocpp_port}/ocpp",
            keep_fleet=partial(_write_json, self.settings.data_dir / "simulator.json"),
        )

    def app(self) -> Any:
        """The application with its loops."""
        return create_app(
            platform=Platform(
                **self._storage,
                clock=self.clock,
                planner=self.planner,
                command_station=self.command_station,
                reservation_rules=self.reservation_rules,
                events=self.events,
                plan_memory=PlanMemory(),
                secret_key=self.secret,
                reads_at_once=in_this_process(self.engine),
                health_checks=(self.nats_health, self.planner_health, self.planning_desk.health),
            ),
            identity=self.identity.desk(),
            routers=(
                auth.router,
                users.router,
                restrictions.router,
                flexibility_orders.router,
                station_keys.router,
                station_use.router,
                charging_previews.router,
                pages_login.router,
                pages_return.router,
                pages_password.router,
                pages_users.router,
                *driver.ROUTERS,
                dead_letters.router,
                *pricing.ROUTERS,
            ),
            services=self._services(),
            state={
                "preview_restriction": self.preview,
                "preview_charging": self.preview_charging,
                "rotate_key": self._rotate_key(),
                "take_out_of_use": TakeOutOfUse(
                    commands=self.commands, unit_of_work=self.database.unit_of_work, clock=self.clock
                ),
                "dead_letters": self.dead_letters,
                **pricing.pricing_state(self.settings, self.secret),
                **analysis.analysis_state(self.settings, reading=self.database.reading, clock=self.clock),
            },
            rates=Rates(per_user=self.settings.rate_per_user, per_address=self.settings.rate_per_address),
        )

    def _rotate_key(self) -> RotateKey:
        return RotateKey(
            commands=self.commands,
            unit_of_work=self.database.unit_of_work,
            clock=self.clock,
            secret_key=self.secret,
        )

    def _services(self) -> Mapping[str, Service]:
        answers = AnswerStations(
            **self._storage,
            clock=self.clock,
            secret_key=self.secret,
            open_enrolment=self.settings.ocpp_enrol == "open",
        )
        charging = {**self._storage, "clock": self.clock, "command_station": self.command_station}
        reservations = KeepReservations(rules=self.reservation_rules, **charging)
        return {
            "facts": self.facts.run,
            "inbound": InboundConsumer(
                client=self.client, take=take_announcement, dead_letters=self.dead_letters, **self._consuming
            ).run,
            "questions": QuestionDesk(client=self.client, answers=answers).run,
            "events": self.events.run,
            "relay": self.relay.run,
            "presence": WatchPresence(presence=self.presence, **self._consuming).run,
            "planning": partial(while_leading, self.leadership, self.plan_sites.run),
            "planning_desk": self.planning_desk.run,
            "enforcement": partial(while_leading, self.leadership, self.watch_enforcement.run),
            "meters": partial(while_leading, self.leadership, self.watch_meters.run),
            "faults": partial(while_leading, self.leadership, self.record_faults.run),
            "settling": partial(while_leading, self.leadership, pricing.settling(**self._storage, clock=self.clock)),
            "analysis": partial(while_leading, self.leadership, analysis.counting(**self._storage, clock=self.clock)),
            "reservations": partial(while_leading, self.leadership, reservations.run),
            "stops": partial(while_leading, self.leadership, StopCharging(**charging).run),
            "commands": partial(while_leading, self.leadership, CloseCommands(**self._storage, clock=self.clock).run),
            "retention": partial(while_leading, self.leadership, self._forget_old().run),
        }

    def _forget_old(self) -> ForgetOld:
        days = {
            Passing.FACTS: self.settings.keep_facts_days,
            Passing.SET_ASIDE_FACTS: self.settings.keep_set_aside_days,
            Passing.REPORTS: self.settings.keep_reports_days,
            Passing.COMMANDS: self.settings.keep_commands_days,
            Passing.PLANS: self.settings.keep_plans_days,
        }
        return ForgetOld(unit_of_work=self.database.unit_of_work, clock=self.clock, days=days)

    async def nats_health(self) -> PartHealth:
        health = link_health(self.client)
        return PartHealth(name="nats", ok=health.ok, detail=health.detail)

    async def planner_health(self) -> PartHealth:
        try:
            return PartHealth(name="planner", ok=True, detail=await self.planner.check())
        except Unavailable as error:
            return PartHealth(name="planner", ok=False, detail=str(error))

    def _planning_here(self) -> PartHealth | None:
        if not self.plan_sites.running:
            return None
        health = self.plan_sites.health()
        return PartHealth(name=NAME, ok=health.ok, detail=health.detail or "every site has its plan")


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    write_private(path, json.dumps(data, indent=2))
