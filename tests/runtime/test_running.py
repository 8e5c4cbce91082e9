"""A service inside a test's own loop: opened, woken, stopped in order, and its failures seen."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.parking.app import SERVICE as PARKING
from shared.database.batch import BatchWriter
from shared.database.migration import expected_revision
from shared.database.work import Works
from shared.errors import Unavailable
from shared.runtime.clock import jump
from shared.runtime.listening import CannotListenError, bind
from shared.runtime.parts import Context, Parts, Service
from shared.runtime.running import Activity, running
from shared.runtime.schedule import Every
from shared.runtime.serving import DEADLINE_SECONDS
from shared.runtime.supervisor import TaskEndedError
from tests.fixtures.services import MakeSettings
from tests.runtime.probe import SERVICE, Misbehaving

pytestmark = pytest.mark.anyio

API = (Activity.api, Activity.schedule)


def composed_of(parts: Parts, order: list[str] | None = None) -> Service:
    """The probe made of other parts; `order` notes when its own resource is closed."""

    async def compose(stack: AsyncExitStack, _context: Context) -> Parts:
        if order is not None:
            stack.callback(order.append, "resource closed")
        return parts

    return replace(SERVICE, compose=compose)


async def test_a_use_case_is_woken_through_the_context(service_settings: MakeSettings) -> None:
    runs: asyncio.Queue[datetime] = asyncio.Queue()

    async def sweep(works: Works) -> int:
        runs.put_nowait(works.clock.now())
        return 0

    service = composed_of(Parts(routers=[], schedule=[Every("sweep", 3600, sweep)]))
    async with running(service, service_settings("parking", API), API) as at_work:
        await asyncio.wait_for(runs.get(), 5)
        at_work.context.wake("sweep")
        await asyncio.wait_for(runs.get(), 5)
        with pytest.raises(KeyError):
            at_work.context.wake("no such entry")


async def test_business_time_is_the_clock_file_s(service_settings: MakeSettings, tmp_path: Path) -> None:
    last_year = datetime(2025, 3, 1, 8, tzinfo=UTC)
    jump(tmp_path / "clock", last_year)
    settings = service_settings("parking", API, clock_file=tmp_path / "clock")
    async with running(SERVICE, settings, API) as at_work, at_work.context.works.for_system("test") as work:
        assert last_year <= work.now < last_year + timedelta(minutes=1)


async def test_a_jump_lets_no_entry_wait_its_turn(service_settings: MakeSettings, tmp_path: Path) -> None:
    last_year = datetime(2025, 3, 1, 8, tzinfo=UTC)
    runs: asyncio.Queue[datetime] = asyncio.Queue()

    async def sweep(works: Works) -> int:
        runs.put_nowait(works.clock.now())
        return 0

    service = composed_of(Parts(routers=[], schedule=[Every("sweep", 3600, sweep)]))
    jump(tmp_path / "clock", last_year)
    settings = service_settings("parking", API, clock_file=tmp_path / "clock")
    async with running(service, settings, API):
        assert await asyncio.wait_for(runs.get(), 5) < last_year + timedelta(minutes=1)
        for hours in (1, 2):
            jump(tmp_path / "clock", last_year + timedelta(hours=hours))
            assert await asyncio.wait_for(runs.get(), 5) >= last_year + timedelta(hours=hours)
        await asyncio.sleep(0.1)
        assert runs.empty()


async def test_a_task_that_ends_is_seen_by_health_and_by_whoever_runs_it(
    service_settings: MakeSettings,
) -> None:
    let_it_die = asyncio.Event()

    async def dying() -> None:
        await let_it_die.wait()
        raise ZeroDivisionError("a bug")

    service = composed_of(Parts(routers=[], batches=[Misbehaving("dying", dying)]))  # type: ignore[list-item]
    with pytest.raises(TaskEndedError, match="batch dying ended"):
        async with running(service, service_settings("parking", API), API) as at_work:
            async with httpx.AsyncClient(base_url=at_work.url) as client:
                assert (await client.get("/health/live")).status_code == 204
                let_it_die.set()
                await asyncio.sleep(0)
                dead = await client.get("/health/live")
            assert dead.status_code == 503
            assert "batch dying ended" in dead.json()["detail"]


async def test_what_was_submitted_is_flushed_before_resources_close(service_settings: MakeSettings) -> None:
    order: list[str] = []

    async def flush(items: Sequence[int]) -> Sequence[int | Exception]:
        await asyncio.sleep(0.2)
        order.append(f"flushed {len(items)}")
        return items

    batch: BatchWriter[int, int] = BatchWriter(flush, name="numbers", most=2)
    service = composed_of(Parts(routers=[], batches=[batch]), order)
    async with running(service, service_settings("parking", API), API):
        waiting = [asyncio.create_task(batch.submit(number)) for number in range(5)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting) == [0, 1, 2, 3, 4]
    assert order == ["flushed 2", "flushed 2", "flushed 1", "resource closed"]
    with pytest.raises(Unavailable):
        await batch.submit(6)


async def test_an_address_in_use_stops_it_before_anything_is_opened(service_settings: MakeSettings) -> None:
    order: list[str] = []
    taken = bind("127.0.0.1", 0)
    settings = service_settings("parking", API, port=taken.getsockname()[1])
    with pytest.raises(CannotListenError):
        async with running(composed_of(Parts(routers=[]), order), settings, API):
            pytest.fail("it listens where another does")
    taken.close()
    assert order == []


async def test_two_services_run_side_by_side_in_one_process(service_settings: MakeSettings) -> None:
    first, second = service_settings("parking", API), service_settings("parking", API)
    async with running(SERVICE, first, API) as one, running(SERVICE, second, API) as other:
        assert one.url != other.url
        async with httpx.AsyncClient() as client:
            for each in (one, other):
                assert (await client.get(f"{each.url}/health/ready")).status_code == 204


async def test_a_database_of_another_revision_is_not_ready(service_settings: MakeSettings) -> None:
    wired = service_settings("parking", API)
    unmigrated = {
        name: getattr(wired, name).rsplit("/", 1)[0] + "/postgres"
        for name in ("database_url", "database_system_url")
    }
    settings = service_settings("parking", API, **unmigrated)
    async with running(SERVICE, settings, API) as it, httpx.AsyncClient(base_url=it.url) as client:
        ready = await client.get("/health/ready")
    assert ready.status_code == 503
    newest = expected_revision(SERVICE.migrations)
    assert f"needs {newest}: run `python -m services.probe migrate`" in ready.json()["detail"]


async def test_without_the_api_there_are_health_and_metrics_only(service_settings: MakeSettings) -> None:
    only, settings = [Activity.schedule], service_settings("parking", API)
    async with running(SERVICE, settings, only) as it, httpx.AsyncClient(base_url=it.url) as client:
        assert (await client.get("/health/ready")).status_code == 204
        assert "linli_event_loop_lag_seconds" in (await client.get("/metrics")).text
        assert (await client.get("/slow?seconds=0")).status_code == 404


async def test_with_the_broker_away_it_is_ready_and_stops_in_time(service_settings: MakeSettings) -> None:
    settings = service_settings("parking", kafka_bootstrap_servers="127.0.0.1:1")
    async with running(PARKING, settings) as at_work:
        async with httpx.AsyncClient(base_url=at_work.url) as client:
            assert (await client.get("/health/ready")).status_code == 204
        async with at_work.context.works.for_system("test") as work:
            await work.connection.execute(
                "INSERT INTO outbox (topic, key, records) VALUES ('linli.parking', 'k', '')"
            )
        stopping = time.monotonic()
    assert time.monotonic() - stopping < DEADLINE_SECONDS
