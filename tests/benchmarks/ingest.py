"""Ingest against a plain service: `POST /reports` over HTTP, and the use case alone by 128 callers.

Both services run in a process of their own on the same durable server, in turns; neither relays, so the
outbox only grows and is emptied between the rounds. Run by itself: `python -m tests.benchmarks.ingest`.
"""

import asyncio
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.postgres import Postgres
from services.issues.api.reports import ReportIn
from services.issues.app import report_writer
from services.issues.domain.categories import Category, Priority
from services.issues.domain.dispatch import Rule, Target
from services.issues.domain.places import Kind, new_community, new_place
from services.issues.store.places import insert_places
from services.issues.store.reports import Report
from services.issues.store.routing import insert_routing, put_category, put_rule
from services.issues.usecases.routings import Routings
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.runtime import collector
from shared.runtime.clock import SystemClock
from tests.benchmarks import plain_ingest
from tests.benchmarks.load import Load, Plan, run_apart
from tests.benchmarks.serving import serving
from tests.fixtures.identity import Issuer

ROUNDS = 5
SECONDS = 5.0
CALLERS = 128
CATEGORIES = 30
TRACE = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"


@dataclass
class Rates:
    """Requests, or calls, per second in each round."""

    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: between rounds a machine may change its speed by a tenth."""
        return statistics.median(ours / plain for ours, plain in zip(self.ours, self.plain, strict=True))


@dataclass
class Result:
    """Over HTTP without and with an idempotency key (ours alone keeps one), and the use case alone."""

    http: Rates
    keyed: list[float]
    use_case: Rates
    loads: dict[str, Load]


@dataclass(frozen=True)
class Town:
    """Where and what is reported."""

    id: uuid.UUID
    buildings: tuple[uuid.UUID, ...]

    def bodies(self) -> list[dict[str, Any]]:
        """Reports like those of a phone: half name a building, all a position."""
        return [
            {
                "category": f"category-{number % CATEGORIES}",
                "description": f"The lane beside block {number} has been blocked by a van since morning.",
                "position": {"latitude": 30.01 + number / 1e4, "longitude": 122.1 + number / 1e4},
            }
            | ({"place": str(self.buildings[number % len(self.buildings)])} if number % 2 else {})
            for number in range(200)
        ]


def run(superuser_url: str) -> Result:
    """Measure on this server, in a database of its own."""
    name = f"bench_ingest_{uuid.uuid4().hex[:8]}"
    uvloop.run(create_roles(superuser_url))
    uvloop.run(create_databases(superuser_url, [name]))
    urls = DatabaseUrls.on(superuser_url, name)
    uvloop.run(migrate("issues", urls.owner_url))
    try:
        town = uvloop.run(found_town(urls))
        use_case = uvloop.run(_use_case_rounds(urls, town))
        return _http_rounds(urls, town, use_case)
    finally:
        uvloop.run(drop_database(superuser_url, name))


async def found_town(urls: DatabaseUrls) -> Town:
    """Make a community with categories, rules and places as a street has them."""
    community = new_community(new_id(), "bench", "Bench", "Asia/Shanghai")
    compounds = [new_place(new_id(), community, Kind.compound, f"C{n}", "C", None) for n in range(5)]
    buildings = [new_place(new_id(), compounds[n % 5], Kind.building, f"B{n}", "B", None) for n in range(60)]
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, SystemClock(), outbox, "/linli/issues")
        async with works.for_system("bench") as work:
            at = work.connection
            await insert_places(at, [community, *compounds, *buildings])
            await insert_routing(at, community.id, Target(role="operator", level=Kind.community))
            for n in range(CATEGORIES):
                code = f"category-{n}"
                await put_category(
                    at,
                    community.id,
                    Category(code, "local", "1", "1", "类", "Kind", Priority.ordinary, 60 + n),
                )
                target = Target(role="guard", level=Kind.compound)
                await put_rule(at, community.id, Rule(f"rule-{n}", code, None, -1, 10, target))
    return Town(community.id, tuple(building.id for building in buildings))


async def _use_case_rounds(urls: DatabaseUrls, town: Town) -> Rates:
    rates = Rates()
    for _ in range(ROUNDS):
        rates.plain.append(await _plain_calls(urls, town))
        await _empty(urls)
        rates.ours.append(await _our_calls(urls, town))
        await _empty(urls)
    return rates


async def _our_calls(urls: DatabaseUrls, town: Town) -> float:
    bodies, clock = [ReportIn.model_validate(body) for body in town.bodies()], SystemClock()
    async with Database.open(urls.url, urls.system_url) as database:
        writer = report_writer(Works(database, clock, outbox, "/linli/issues"), Routings())
        running = asyncio.create_task(writer.run())

        async def call(number: int) -> None:
            body = bodies[number % len(bodies)]
            position = body.position
            report = Report(
                new_id(),
                body.place,
                position.latitude if position else None,
                position.longitude if position else None,
                "person-1",
                "person-1",
                body.description,
                clock.now(),
                body.reported_at,
                town.id,
                body.category,
                TRACE,
            )
            await writer.submit(report)

        rate = await _closed_loop(call)
        running.cancel()
        await asyncio.wait({running})
        return rate


async def _plain_calls(urls: DatabaseUrls, town: Town) -> float:
    bodies, clock = [ReportIn.model_validate(body) for body in town.bodies()], SystemClock()
    async with asyncpg.create_pool(urls.system_url, min_size=0, max_size=plain_ingest.POOL) as pool:

        async def call(number: int) -> None:
            body = bodies[number % len(bodies)]
            event = plain_ingest.event_of(body, town.id, "person-1", clock, TRACE)
            await plain_ingest.store(pool, event, body)

        return await _closed_loop(call)


async def _closed_loop(call: Callable[[int], Awaitable[None]]) -> float:
    """Let 128 callers call again as soon as they have their answer; calls per second, a warm-up apart."""
    collector.settle()  # as `serve` does
    done, begin = 0, time.perf_counter() + 0.5
    end = begin + SECONDS

    async def caller(number: int) -> None:
        nonlocal done
        while (now := time.perf_counter()) < end:
            await call(number)
            number += CALLERS
            done += now >= begin

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return done / (time.perf_counter() - begin)


def _http_rounds(urls: DatabaseUrls, town: Town, use_case: Rates) -> Result:
    issuer, rates, keyed, loads = Issuer(), Rates(), [], {}
    headers = {"Authorization": f"Bearer {issuer.token('person-1', {town.id: ['resident']}, lifetime=7200)}"}
    bodies = [json.dumps(body) for body in town.bodies()]

    def load(url: str, more: dict[str, str]) -> Load:
        plan = Plan(f"{url}/reports", "POST", headers | more, bodies, CALLERS, SECONDS, 1.0)
        found = run_apart(plan)
        uvloop.run(_empty(urls))
        if set(found.statuses) != {"201"}:
            raise RuntimeError(f"not every report was accepted: {found.statuses}")
        return found

    try:
        with (
            serving("services.issues", urls, issuer) as ours,
            serving("tests.benchmarks.plain_ingest", urls, issuer) as plain,
        ):
            for _ in range(ROUNDS):
                loads["plain"] = load(plain, {})
                loads["ours"] = load(ours, {})
                loads["ours, keyed"] = load(ours, {"Idempotency-Key": "@unique@"})
                rates.plain.append(loads["plain"].per_second)
                rates.ours.append(loads["ours"].per_second)
                keyed.append(loads["ours, keyed"].per_second)
    finally:
        issuer.close()
    return Result(rates, keyed, use_case, loads)


async def _empty(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner_url)
    await owner.execute("TRUNCATE cases, case_entries, outbox, idempotency_keys")
    await owner.close()


def main() -> None:
    """Start a server, measure, and print the medians."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = Postgres(folder / "postgres")
        try:
            postgres.start()
            result = run(postgres.url())
        finally:
            postgres.kill()
    for line in lines(result):
        print(line)  # noqa: T201


def lines(result: Result) -> list[str]:
    """Say the result."""
    return [
        _line("use case, ours", result.use_case.ours),
        _line("use case, plain", result.use_case.plain),
        f"{'ratio':<16} {result.use_case.ratio:>10.2f}x  (goal: 6x)",
        _line("HTTP, ours", result.http.ours),
        _line("HTTP, plain", result.http.plain),
        f"{'ratio':<16} {result.http.ratio:>10.2f}x  (goal: 1.7x, aim: 2x)",
        _line("HTTP, ours keyed", result.keyed),
        *(f"{name:<16} p50 {load.p50_ms} ms, p99 {load.p99_ms} ms" for name, load in result.loads.items()),
    ]


def _line(label: str, rates: list[float]) -> str:
    each = " ".join(f"{rate:,.0f}" for rate in rates)
    return f"{label:<16} {statistics.median(rates):>10,.0f} a second   ({each})"


if __name__ == "__main__":
    main()
