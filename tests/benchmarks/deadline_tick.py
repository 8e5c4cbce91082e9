"""The clock's round over late cases: beside 1,000 open cases and beside 1,000,000, and when nothing is due.

Both databases are on one durable server and take turns; the same number is due in each. Run by itself:
`python -m tests.benchmarks.deadline_tick`.
"""

import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from deploy.embedded.postgres import Postgres
from services.issues.store.escalations import LATE
from services.issues.usecases.escalate_cases import MOST, WHOLE_EVERY, Watermark, escalate_cases
from services.issues.usecases.routings import Routings
from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox
from tests.benchmarks.cases import City, city

FEW, MANY = 1_000, 1_000_000
ROUNDS = 25
DUE = 100
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Stopped:
    """A clock that stands still, so that nothing else becomes due."""

    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True)
class Result:
    """Milliseconds of each round with cases due; buffers of one without, and of one that looks at all."""

    few: Sequence[float]
    many: Sequence[float]
    idle: int
    whole: int

    @property
    def ratio(self) -> float:
        return statistics.median(self.many) / statistics.median(self.few)


class Ticking:
    """One database and what escalates in it."""

    def __init__(self, town: City, database: Database) -> None:
        self.town = town
        self.works = Works(database, Stopped(), outbox, "/linli/issues")
        self.routings, self.watermark = Routings(), Watermark(whole_every=0.0)

    async def round(self) -> float:
        """Let some cases be due, and take them."""
        await self.town.make(DUE, open_every=1, now=NOW - timedelta(days=31))
        began = perf_counter()
        taken = await escalate_cases(self.works, self.routings, self.watermark)
        took = (perf_counter() - began) * 1000
        if taken != DUE:
            raise RuntimeError(f"{taken} cases were taken where {DUE} were due")
        return took

    async def buffers(self, since: datetime) -> int:
        """Count the buffers that looking takes when nothing is due."""
        async with self.works.for_system("bench") as work:
            explained = [
                await work.connection.fetchval(
                    f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", since, NOW, MOST
                )
                for statement in LATE
            ]
        tops: list[dict[str, Any]] = [json.loads(each)[0]["Plan"] for each in explained]
        if any(top["Actual Rows"] for top in tops):
            raise RuntimeError("something was due")
        return sum(int(top["Shared Hit Blocks"] + top["Shared Read Blocks"]) for top in tops)


def run(superuser_url: str) -> Result:
    """Measure on this server, in databases of its own."""
    return uvloop.run(_measure(superuser_url))


async def _measure(superuser_url: str) -> Result:
    async with AsyncExitStack() as stack:
        sides = []
        for size in (FEW, MANY):
            town = await stack.enter_async_context(city(superuser_url))
            await town.fill(size, open_every=1, now=NOW + timedelta(minutes=1))
            opened = Database.open(town.urls.url, town.urls.system_url)
            sides.append(Ticking(town, await stack.enter_async_context(opened)))
        few, many = sides
        await few.round()  # plans prepared, routings read
        await many.round()
        times: list[tuple[float, float]] = [(await few.round(), await many.round()) for _ in range(ROUNDS)]
        few_ms, many_ms = zip(*times, strict=True)
        await many.buffers(_BEGINNING)  # marks the entries of what is dead, as any look does
        return Result(
            few_ms,
            many_ms,
            await many.buffers(NOW - timedelta(seconds=1)),
            await many.buffers(_BEGINNING),
        )


def main() -> None:
    """Start a durable server, measure, and print the medians."""
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
        f"{DUE} due, {FEW:>9,} open {statistics.median(result.few):>10.1f} ms",
        f"{DUE} due, {MANY:>9,} open {statistics.median(result.many):>10.1f} ms",
        f"{'ratio':<23} {result.ratio:>10.2f}x  (goal: 1.2x)",
        f"{'buffers when idle':<23} {result.idle:>10}   (goal: 10)",
        f"{'of a look at all':<23} {result.whole:>10}   (every {WHOLE_EVERY:g} s, until the next vacuum)",
    ]


if __name__ == "__main__":
    main()
