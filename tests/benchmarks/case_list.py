"""Listing by area at 500,000 cases, 50 clients at once, beside the same SQL run by the same clients.

The clients are one process each time: with a keep-alive connection each to the service, or with a database
connection each. Both ask for the same boxes, a page of 50. Run it by itself:
`python -m tests.benchmarks.case_list`.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
import uvloop

from deploy.embedded.postgres import Postgres
from services.issues.domain.case import Seer
from services.issues.store.case_list import Filters, cells_of, list_statement
from tests.benchmarks.cases import DEGREES, SOUTH, WEST, city
from tests.benchmarks.serving import serving
from tests.fixtures.identity import Issuer

CASES = 500_000
OPEN_EVERY = 25
CLIENTS = 50
ROUNDS = 5
SECONDS = 4.0
WARM_UP = 1.0
PAGE = 50
BOXES = 500
SEER = Seer("olive", frozenset({"operator"}))
Box = tuple[float, float, float, float]
Ask = Callable[[Box], Awaitable[None]]


@dataclass(frozen=True)
class Result:
    """Of each round, the time in milliseconds in which 95 of 100 pages came."""

    http: Sequence[float]
    sql: Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.http) / statistics.median(self.sql)


def boxes() -> list[Box]:
    """What a map shows that is moved about: one to three kilometres of a city of twenty."""
    luck, found = random.Random(4), []
    for _ in range(BOXES):
        size = luck.uniform(0.01, 0.03)
        west, south = (low + luck.uniform(0, DEGREES - size) for low in (WEST, SOUTH))
        found.append((west, south, west + size, south + size))
    # Of larger ones the service has a plan made each time; the SQL beside it would have to do so too.
    assert all(map(cells_of, found))
    return found


async def by_http(stack: AsyncExitStack, url: str, token: str) -> list[Ask]:
    """Give a client for each connection to the service."""
    connector = aiohttp.TCPConnector(limit=CLIENTS)
    headers = {"Authorization": f"Bearer {token}"}
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, headers=headers))

    async def ask(box: Box) -> None:
        query = ",".join(f"{side:.6f}" for side in box)
        async with session.get(f"{url}/cases?bbox={query}&limit={PAGE}") as answer:
            if answer.status != 200:
                raise RuntimeError(await answer.text())
            await answer.read()

    return [ask] * CLIENTS


async def by_sql(stack: AsyncExitStack, url: str, community: str) -> list[Ask]:
    """Give a client for each connection to the database, as one request's role sees it."""
    return [await _connected(stack, url, UUID(community)) for _ in range(CLIENTS)]


async def _connected(stack: AsyncExitStack, url: str, community: UUID) -> Ask:
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    await connection.execute("SELECT set_config('app.community', $1, false)", str(community))
    now = datetime.now(UTC)

    async def ask(box: Box) -> None:
        statement, values = list_statement(community, SEER, Filters(box=box), now, None, PAGE + 1)
        rows = await connection.fetch(statement, *values)
        if not rows:
            raise RuntimeError("an empty page")

    return ask


async def clients(kind: str, *where: str) -> float:
    """Ask as 50 clients for some seconds; the milliseconds in which 95 of 100 answers came."""
    async with AsyncExitStack() as stack:
        asks = await (by_http if kind == "http" else by_sql)(stack, *where)
        places, times = boxes(), list[float]()
        begin = time.perf_counter() + WARM_UP

        async def client(number: int, ask: Ask) -> None:
            while (asked := time.perf_counter()) < begin + SECONDS:
                await ask(places[number % BOXES])
                number += CLIENTS + 1
                if asked >= begin:
                    times.append((time.perf_counter() - asked) * 1000)

        await asyncio.gather(*(client(number, ask) for number, ask in enumerate(asks)))
    return statistics.quantiles(times, n=100)[94]


def run(superuser_url: str) -> Result:
    """Measure in turns on this server, in a database of its own."""
    return uvloop.run(_measure(superuser_url))


async def _measure(superuser_url: str) -> Result:
    http, sql, issuer = [], [], Issuer()
    try:
        async with city(superuser_url) as town:
            await town.fill(CASES, open_every=OPEN_EVERY, now=datetime.now(UTC))
            token = issuer.token("olive", {town.community: ["operator"]}, lifetime=7200)
            with serving("services.issues", town.urls, issuer) as url:
                for _ in range(ROUNDS):
                    sql.append(await _apart("sql", town.urls.url, str(town.community)))
                    http.append(await _apart("http", url, token))
    finally:
        issuer.close()
    return Result(http, sql)


async def _apart(*what: str) -> float:
    """Run the clients in a process of their own."""
    command = [sys.executable, "-m", "tests.benchmarks.case_list", *what]
    done = await asyncio.to_thread(
        subprocess.run, command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[2]
    )
    found: float = json.loads(done.stdout)
    return found


def main(what: Sequence[str]) -> None:
    """Start a durable server, measure, and print the medians; or be the clients of one round."""
    if what:
        print(json.dumps(uvloop.run(clients(*what))))  # noqa: T201
        return
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
        _line(f"HTTP, {CLIENTS} clients, p95", result.http),
        _line("the same SQL, p95", result.sql),
        f"{'ratio':<24} {result.ratio:>8.2f}x  (goal: 3x)",
    ]


def _line(label: str, times: Sequence[float]) -> str:
    each = " ".join(f"{one:.0f}" for one in times)
    return f"{label:<24} {statistics.median(times):>8.1f} ms  ({each})"


if __name__ == "__main__":
    main(sys.argv[1:])
