"""Gates' deliveries against a plain service: `POST /reads` over HTTP, one read each, and a hundred each.

Both services run in a process of their own on the same durable server, in turns; neither relays, so the
outbox only grows and is emptied between the rounds. Run by itself: `python -m tests.benchmarks.reads`.

The goals stand beside what was measured, for the reader to judge: a machine that is busy with something else
misses them without a fault of ours, so the exit status says only whether it could be measured, as of all
benchmarks. The 10x of batches is reads a second of ours that come by a hundred over those of the plain
service, which come one by one, over as many connections. Beside it stands what the ten gates of a street
reach that send what they kept, each its next delivery when it has its answer: fewer than keep both cores at
work.
"""

import statistics
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.postgres import Postgres
from tests.benchmarks.gates import Town, found_town
from tests.benchmarks.load import Load, Plan, run_apart
from tests.benchmarks.serving import serving
from tests.fixtures.identity import Issuer

ROUNDS = 5
SECONDS = 4.0
WARM_UP = 1.0
CONNECTIONS = 128
BATCH = 100
GATES_OFFLINE = 10
MOST_SINGLES = 20_000
MOST_BATCHES = 2_000


@dataclass
class Result:
    """Reads per second in each round."""

    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)
    offline: list[float] = field(default_factory=list)
    loads: dict[str, Load] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.plain)

    @property
    def per_read(self) -> float:
        return statistics.median(self.batches) / statistics.median(self.ours)

    @property
    def per_read_plain(self) -> float:
        return statistics.median(self.batches) / statistics.median(self.plain)


def run(superuser_url: str, rounds: int = ROUNDS) -> Result:
    """Measure on this server, in a database of its own."""
    name = f"bench_reads_{uuid.uuid4().hex[:8]}"
    uvloop.run(create_roles(superuser_url))
    uvloop.run(create_databases(superuser_url, [name]))
    urls = DatabaseUrls.on(superuser_url, name)
    uvloop.run(migrate("parking", urls.owner_url))
    issuer, result = Issuer(), Result()
    try:
        town = uvloop.run(found_town(urls))
        load = partial(_load, result, urls, town)
        with (
            serving("services.parking", urls, issuer) as ours,
            serving("tests.benchmarks.plain_reads", urls, issuer) as plain,
        ):
            for _ in range(rounds):
                result.plain.append(load("plain", plain, 1))
                result.ours.append(load("ours", ours, 1))
                result.batches.append(load("ours, batches", ours, BATCH))
                result.offline.append(load("ours, ten gates", ours, BATCH, GATES_OFFLINE))
    finally:
        issuer.close()
        uvloop.run(drop_database(superuser_url, name))
    return result


def _load(
    result: Result,
    urls: DatabaseUrls,
    town: Town,
    label: str,
    url: str,
    reads_each: int,
    connections: int = CONNECTIONS,
) -> float:
    single = reads_each == 1
    requests = town.requests(MOST_SINGLES if single else MOST_BATCHES, reads_each)
    plan = Plan(
        f"{url}/reads",
        bodies=[request.body for request in requests],
        more=[request.headers for request in requests],
        connections=connections,
        seconds=SECONDS,
        warm_up=WARM_UP,
    )
    found = result.loads[label] = run_apart(plan)
    if set(found.statuses) != {"200"} or found.requests * (1 + WARM_UP / SECONDS) > len(requests):
        raise RuntimeError(f"{label}: {found.requests} requests, answered {found.statuses}")
    uvloop.run(_empty(urls))
    return found.per_second * reads_each


async def _empty(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner_url)
    await owner.execute("TRUNCATE reads, stays, overstays, rechecks, outbox")
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
        _line("single, ours", result.ours),
        _line("single, plain", result.plain),
        f"{'ratio':<16} {result.ratio:>10.2f}x  (goal: 1.7x, aim: 2x)",
        _line("by 100, ours", result.batches),
        f"{'ratio':<16} {result.per_read_plain:>10.2f}x  a read, beside single plain ones (goal: 10x)",
        f"{'ratio':<16} {result.per_read:>10.2f}x  a read, beside single ones of ours",
        _line("ten gates", result.offline),
        *(f"{name:<16} p50 {load.p50_ms} ms, p99 {load.p99_ms} ms" for name, load in result.loads.items()),
    ]


def _line(label: str, rates: Sequence[float]) -> str:
    each = " ".join(f"{rate:,.0f}" for rate in rates)
    return f"{label:<16} {statistics.median(rates):>10,.0f} reads a second   ({each})"


if __name__ == "__main__":
    main()
