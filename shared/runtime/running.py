"""A service at work in this process: opened, supervised, and stopped in order; for `serve` and for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI

from shared.database.pool import Database
from shared.database.work import Works
from shared.http.application import build_application
from shared.http.events import event_routes
from shared.http.health import health_routes
from shared.messaging import outbox
from shared.messaging.live import Live, live_of
from shared.messaging.relay import Relay
from shared.runtime.clock import Clock, JumpingClock, SystemClock
from shared.runtime.listening import HttpServer, bind, url_of
from shared.runtime.parts import Context, Parts, Service
from shared.runtime.readiness import Readiness
from shared.runtime.relaying import relaying
from shared.runtime.schedule import Schedule
from shared.runtime.settings import ServiceSettings, example_settings
from shared.runtime.supervisor import Stage, Supervised, Supervisor
from shared.security.tokens import TokenVerifier
from shared.telemetry.metrics import watch_loop_lag


class Activity(StrEnum):
    """What a process may do of a service; health and metrics are always there."""

    api = "api"
    consumer = "consumer"
    relay = "relay"
    schedule = "schedule"


EVERYTHING = frozenset(Activity)


@dataclass(frozen=True)
class Running:
    """A service that answers at `url`."""

    url: str
    app: FastAPI
    context: Context
    supervisor: Supervisor


@asynccontextmanager
async def running(
    service: Service, settings: ServiceSettings, only: Collection[Activity] = EVERYTHING
) -> AsyncIterator[Running]:
    """Runs a service until the block ends, and stops it as a process does.

    Starts also when database or broker are away: then it is live and not ready.

    Raises:
        CannotListenError: before anything starts.
        TaskEndedError: at the block's end, when a task has ended meanwhile.
    """
    listener = bind(settings.bind_host, settings.port)
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        opened = await _open(stack, service, settings, only)
        supervisor = Supervisor()
        ready = Readiness(service.name, service.migrations, opened.context.database)
        app = _application(service, opened, only, supervisor, ready)
        server = HttpServer(app, listener)
        stack.push_async_callback(supervisor.stop)
        for loop in _loops(service, opened, only, server, ready):
            supervisor.start(loop)
        await _first(server.listening(), supervisor.ended())
        yield Running(url_of(listener), app, opened.context, supervisor)
    supervisor.check()


@asynccontextmanager
async def working(service: Service, settings: ServiceSettings) -> AsyncIterator[tuple[Context, Parts]]:
    """A service opened and nothing started, for an operator's commands; what it emits waits for a relay."""
    async with AsyncExitStack() as stack:
        opened = await _open(stack, service, settings, ())
        yield opened.context, opened.parts


async def describe(stack: AsyncExitStack, service: Service) -> dict[str, Any]:
    """The OpenAPI description of a service, made from its example settings without any server."""
    return (await application_of(stack, service)).openapi()


async def application_of(stack: AsyncExitStack, service: Service) -> FastAPI:
    """A service's application made from its example settings; it can say what it is, not serve."""
    opened = await _open(stack, service, example_settings(service.settings), EVERYTHING)
    ready = Readiness(service.name, service.migrations, opened.context.database)
    return _application(service, opened, EVERYTHING, Supervisor(), ready)


@dataclass(frozen=True)
class _Opened:
    context: Context
    parts: Parts
    relay: Relay
    schedule: Schedule
    live: Live


async def _open(
    stack: AsyncExitStack, service: Service, settings: ServiceSettings, only: Collection[Activity]
) -> _Opened:
    database = await stack.enter_async_context(
        Database.open(
            settings.database_url,
            settings.database_system_url,
            size=settings.database_pool_size,
            system_size=settings.database_system_pool_size,
        )
    )
    relay = Relay(settings.database_system_url, settings.kafka)
    # Without a relay of its own the process leaves its facts to another one's slow poll.
    wake_relay: Callable[[], None] = relay.wake if Activity.relay in only else _nobody
    clock = clock_of(settings)
    works = Works(database, clock, outbox, f"/linli/{service.name}", wake_relay)
    composed: list[Schedule] = []
    verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks_url)
    context = Context(settings, clock, database, works, partial(_wake, composed), verifier)
    parts = await service.compose(stack, context)
    composed.append(Schedule(parts.schedule, works))
    live = live_of(settings.kafka, {fact.topic for fact in parts.watch})
    return _Opened(context, parts, relay, composed[0], live)


def clock_of(settings: ServiceSettings) -> Clock:
    """The clock that the settings ask for."""
    return JumpingClock(settings.clock_file) if settings.clock_file else SystemClock()


def _application(
    service: Service, opened: _Opened, only: Collection[Activity], supervisor: Supervisor, ready: Readiness
) -> FastAPI:
    routers: list[APIRouter] = [health_routes(supervisor.problem, ready.problem)]
    if Activity.api in only:
        routers.extend(opened.parts.routers)
        if opened.parts.watch:
            routers.append(event_routes(opened.live, opened.parts.watch))
    return build_application(
        title=service.title,
        routers=routers,
        errors=service.errors,
        works=opened.context.works,
        verifier=opened.context.verifier,
        state=opened.parts.state,
    )


def _loops(
    service: Service, opened: _Opened, only: Collection[Activity], server: HttpServer, ready: Readiness
) -> Iterator[Supervised]:
    context, parts = opened.context, opened.parts
    yield Supervised("loop lag", Stage.WATCH, watch_loop_lag)
    for batch in parts.batches:
        yield Supervised(f"batch {batch.name}", Stage.BATCHES, batch.run)
    if Activity.api in only and parts.watch:
        yield Supervised("events", Stage.INTAKE, opened.live.run, opened.live.stop)
    if Activity.relay in only:
        yield Supervised("relay", Stage.RELAY, partial(relaying, opened.relay, context.database))
    if Activity.consumer in only and parts.subscriptions:
        # Imported here: a process that consumes nothing does without the client.
        from shared.messaging.consumer import Consumer

        consumer = Consumer(
            service.name, context.works, context.settings.kafka, parts.subscriptions, service.errors
        )
        # To code that is ahead of its database every event would be a broken one.
        yield Supervised("consumer", Stage.INTAKE, consumer.run, after=ready.reached)
    if Activity.schedule in only:
        for name, loop in opened.schedule.loops().items():
            yield Supervised(name, Stage.INTAKE, loop, opened.schedule.stop, after=ready.reached)
        if isinstance(context.clock, JumpingClock):
            yield Supervised("clock", Stage.WATCH, partial(context.clock.watch, opened.schedule.wake_all))
    yield Supervised("http", Stage.INTAKE, server.run, server.stop)


async def _first(*events: Coroutine[None, None, None]) -> None:
    """Waits for one of several, and raises what that one raises."""
    tasks = [asyncio.create_task(event) for event in events]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in done:
        task.result()


def _wake(composed: list[Schedule], name: str) -> None:
    composed[0].wake(name)


def _nobody() -> None:
    """Wakes nobody."""
