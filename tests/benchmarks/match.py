"""The match at 100,000 volunteers: whom to ask, beside a look at everybody, and while positions pour in.

Both ask the same question in SQL on the same durable server: for whom would it cost least, by the way and by
what they do today already; the scan is free to join as it likes. Positions come from a process of its own,
2,000 a second through the service's own batch writer, in process: over HTTP each phone says its own, and a
request costs there what any costs. Run by itself: `python -m tests.benchmarks.match`.
"""

import asyncio
import gc
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.postgres import Postgres
from services.volunteer.app import position_writer
from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.offer import RADII, chosen, enough
from services.volunteer.domain.position import Point, Position
from services.volunteer.domain.task import Effort, Task
from services.volunteer.store.cells import cell_of
from services.volunteer.usecases.offer_tasks import find_candidates
from shared.database.pool import Database
from shared.database.work import Work, Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.runtime.clock import SystemClock

VOLUNTEERS = 100_000
ON_DUTY = 0.3
CITY_METRES = 40_000
MIDDLE = Point(30.0, 122.0)
ASKED = 3
QUESTIONS = 1_500
SCANS = 9
POSITIONS_A_SECOND = 2_000
RULES = KindRules(("rider", "resident"), ask=ASKED)

# What one would write without cells: everybody who may be asked, by what it costs them.
SCAN = """
SELECT volunteers.id, way.metres FROM volunteers
JOIN positions ON positions.volunteer_id = volunteers.id AND positions.at > $3
JOIN duties ON duties.volunteer_id = volunteers.id AND duties.state = 'on'
           AND duties.starts_at <= $2 AND duties.ends_at > $2
CROSS JOIN LATERAL (SELECT 2 * 6371000 * asin(sqrt(
    sin(radians(positions.latitude - $4) / 2) ^ 2 + cos(radians($4)) * cos(radians(positions.latitude))
    * sin(radians(positions.longitude - $5) / 2) ^ 2)) AS metres) AS way
CROSS JOIN LATERAL (
    SELECT coalesce(sum(extract(epoch FROM ends_at - starts_at) / 60), 0)::integer AS minutes
    FROM claims WHERE claims.community_id = $1 AND claims.person = volunteers.person
      AND claims.state IN ('claimed', 'checked-in', 'reported', 'confirmed') AND claims.starts_at >= $7
) AS promised
WHERE volunteers.community_id = $1 AND volunteers.state = 'active' AND volunteers.kind = ANY($6::text[])
  AND NOT EXISTS (SELECT FROM offers WHERE offers.community_id = $1 AND offers.person = volunteers.person
                     AND offers.state = 'offered')
  AND NOT EXISTS (SELECT FROM claims WHERE claims.community_id = $1 AND claims.person = volunteers.person
                     AND claims.state IN ('claimed', 'checked-in')
                     AND claims.starts_at < $2::timestamptz + interval '30 minutes' AND claims.ends_at > $2)
  AND (SELECT count(*) FROM offers WHERE offers.community_id = $1 AND offers.person = volunteers.person
          AND offers.offered_at > $2::timestamptz - interval '1 hour') < 4
ORDER BY way.metres + 20 * promised.minutes LIMIT 12
"""


@dataclass(frozen=True)
class Result:
    """Milliseconds of each question: alone, beside positions, and by the scan; positions stored a second."""

    quiet: Sequence[float]
    busy: Sequence[float]
    scan: Sequence[float]
    positions: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.scan) / statistics.median(self.quiet)

    @property
    def burden(self) -> float:
        return statistics.median(self.busy) / statistics.median(self.quiet)


def run(superuser_url: str) -> Result:
    """Measure on this server, in a database of its own."""
    name = f"bench_match_{uuid.uuid4().hex[:8]}"
    uvloop.run(create_roles(superuser_url))
    uvloop.run(create_databases(superuser_url, [name]))
    urls = DatabaseUrls.on(superuser_url, name)
    uvloop.run(migrate("volunteer", urls.owner_url))
    try:
        return uvloop.run(_measure(superuser_url, name, urls))
    finally:
        uvloop.run(drop_database(superuser_url, name))


async def _measure(superuser_url: str, name: str, urls: DatabaseUrls) -> Result:
    community = new_id()
    superuser = await asyncpg.connect(superuser_url.rsplit("/", 1)[0] + f"/{name}")
    await _peopled(superuser, community)
    await superuser.close()
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, SystemClock(), outbox, "/linli/volunteer")
        gc.freeze()
        await _asked(works, community, 200)  # plans made, pages read
        scan = await _scanned(works, community)
        quiet = await _asked(works, community, QUESTIONS)
        with _positions(urls, community) as pouring:
            await asyncio.sleep(3)
            busy = await _asked(works, community, 4 * QUESTIONS)
            if pouring.poll() is not None:
                raise RuntimeError(f"the positions ended with {pouring.returncode}")
    return Result(quiet, busy, scan, _rate(pouring))


def _somewhere(chance: random.Random) -> Point:
    north, east = (chance.uniform(-0.5, 0.5) * CITY_METRES / 111_195 for _ in range(2))
    return Point(MIDDLE.latitude + north, MIDDLE.longitude + east / math.cos(math.radians(MIDDLE.latitude)))


async def _peopled(connection: "asyncpg.Connection[asyncpg.Record]", community: uuid.UUID) -> None:
    """Volunteers all over the city, a third of them on duty, some busy, many asked within the last hours."""
    chance, now = random.Random(6), datetime.now(UTC)
    people = [
        (new_id(), f"person-{number}", chance.choice(["rider", "resident", "guard"]))
        for number in range(VOLUNTEERS)
    ]
    duty = {number for number in range(VOLUNTEERS) if chance.random() < ON_DUTY}
    task = _task(community, MIDDLE, now)
    since, until = now - timedelta(hours=2), now + timedelta(hours=4)

    async def copied(table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        await connection.copy_records_to_table(table, columns=columns.split(), records=rows)

    await copied(
        "volunteers",
        "id community_id person kind state consent_text consented_at registered_at changed_at version",
        ((one, community, *who, "active", "1", now, now, now, 2) for one, *who in people),
    )
    points = [(one, _somewhere(chance), n in duty) for n, (one, _, _) in enumerate(people)]
    await copied(
        "positions",
        "volunteer_id community_id latitude longitude at cell on_call",
        ((one, community, p.latitude, p.longitude, now, cell_of(p), on) for one, p, on in points),
    )
    await copied(
        "duties",
        "id community_id volunteer_id person kind starts_at ends_at state version",
        ((new_id(), community, *people[n], since, until, "on", 2) for n in duty),
    )
    await connection.execute(
        "INSERT INTO tasks (id, community_id, kind, rules, minutes, starts_at, ends_at, places, two_persons, "
        "opened_at, family, code_failures, state, version) "
        "VALUES ($1, $2, 'k', '{}', 30, $3, $4, 1, false, $3, '{}', 0, 'completed', 1)",
        *(task.id, community, since, until),
    )
    claims = ((n, *people[n][:2], now, until, now) for n in chance.sample(sorted(duty), len(duty) // 10))
    await copied(
        "claims",
        "id community_id task_id number volunteer_id person starts_at ends_at claimed_at state at_place late",
        ((new_id(), community, task.id, *claim, "claimed", False, False) for claim in claims),
    )
    ago = ((n, now - timedelta(minutes=chance.uniform(2, 300))) for n in range(0, VOLUNTEERS, 4))
    asked = ((*people[n][:2], "expired", at, at + timedelta(minutes=2)) for n, at in ago)
    await copied(
        "offers",
        "id community_id task_id volunteer_id person state offered_at expires_at",
        ((new_id(), community, task.id, *offer) for offer in asked),
    )
    await connection.execute("VACUUM ANALYZE")


def _task(community: uuid.UUID, point: Point, now: datetime) -> Task:
    return Task(
        *(new_id(), community, "carry-home", RULES, Effort(30)),
        starts_at=now,
        ends_at=now + timedelta(hours=4),
        places=1,
        two_persons=False,
        opened_at=now,
        look_at=None,
        point=point,
    )


async def _asked(works: Works, community: uuid.UUID, questions: int) -> list[float]:
    """Whom to ask for tasks all over the city, one after the other."""
    chance, times, found = random.Random(7), [], 0
    async with works.for_system("bench") as work:
        await work.connection.execute("SET LOCAL jit = off")
        for _ in range(questions):
            now = datetime.now(UTC)
            task = _task(community, _somewhere(chance), now)
            began = time.perf_counter()
            asked = await _matched(work, task, now)
            times.append((time.perf_counter() - began) * 1000)
            found += asked
    if found < 0.95 * ASKED * questions:
        raise RuntimeError(f"only {found} were found for {questions} tasks")
    return times


async def _matched(work: Work, task: Task, now: datetime) -> int:
    work.now = now
    promise = task.promised(None, now)
    return len(chosen(await find_candidates(work, task, promise, ASKED), ASKED))


async def _scanned(works: Works, community: uuid.UUID) -> list[float]:
    """The same questions by the scan; its nearest must be among those that the cells have found."""
    chance, times = random.Random(7), []
    async with works.for_system("bench") as work:
        for _ in range(SCANS):
            now, point = datetime.now(UTC), _somewhere(chance)
            midnight = RULES.midnight(now)
            began = time.perf_counter()
            rows = await work.connection.fetch(
                SCAN,
                community,
                now,
                now - timedelta(minutes=15),
                point.latitude,
                point.longitude,
                list(RULES.who),
                midnight,
            )
            times.append((time.perf_counter() - began) * 1000)
            task = _task(community, point, now)
            work.now = now
            found = await find_candidates(work, task, task.promised(None, now), ASKED)
            near = {row["id"] for row in rows if row["metres"] <= RADII[0]}
            if not near <= {one.volunteer for one in found} or len(rows) < enough(ASKED):
                raise RuntimeError("the scan and the cells disagree")
    return times


@contextmanager
def _positions(urls: DatabaseUrls, community: uuid.UUID) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.benchmarks.match", "positions", urls.url, urls.system_url]
    process = subprocess.Popen(
        [*command, str(community)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def _rate(ended: "subprocess.Popen[str]") -> float:
    """Positions stored a second, by what the process said of itself each half second once it was warm."""
    said = [tuple(map(float, line.split())) for line in (ended.stdout or ())][4:]
    return (said[-1][1] - said[0][1]) / (said[-1][0] - said[0][0])


async def pour(url: str, system_url: str, community: uuid.UUID) -> None:
    """Send positions of those who move, steadily, until the process is ended."""
    chance, clock = random.Random(8), SystemClock()
    async with Database.open(url, system_url) as database:
        writer = position_writer(Works(database, clock, outbox, "/linli/volunteer"))
        rows = await database.system.fetch(
            "SELECT volunteers.id, volunteers.person, latitude, longitude FROM volunteers JOIN positions "
            "ON volunteer_id = volunteers.id JOIN duties ON duties.volunteer_id = volunteers.id LIMIT 20000"
        )
        running = asyncio.create_task(writer.run())
        said: set[asyncio.Task[None]] = set()
        stored, told = 0, 0.0

        def settled(task: "asyncio.Task[None]") -> None:
            nonlocal stored
            said.discard(task)
            stored += task.exception() is None

        places = {row["id"]: Point(row["latitude"], row["longitude"]) for row in rows}
        number, began = 0, time.perf_counter()
        while not running.done():
            due = int((time.perf_counter() - began) * POSITIONS_A_SECOND)
            for row in (rows[n % len(rows)] for n in range(number, due)):
                at = places[row["id"]]
                # Ten seconds on a bicycle.
                at = replace(at, latitude=at.latitude + chance.uniform(-5e-4, 5e-4))
                places[row["id"]] = at
                said_now = (row["id"], community, row["person"], Position(at, clock.now()))
                task = asyncio.create_task(writer.submit(said_now))
                said.add(task)
                task.add_done_callback(settled)
            number = due
            if time.perf_counter() - told > 0.5:
                told = time.perf_counter()
                print(told, stored, flush=True)  # noqa: T201
            await asyncio.sleep(0.02)


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
        _line("match", result.quiet),
        _line("scan", result.scan),
        f"{'ratio':<26} {result.ratio:>8.1f}x  (goal: 50x)",
        _line("match, positions meanwhile", result.busy),
        f"{'burden':<26} {result.burden:>8.2f}x  (goal: at most 1.5x)",
        f"{'positions':<26} {result.positions:>8,.0f} a second  (goal: {POSITIONS_A_SECOND:,})",
    ]


def _line(label: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{label:<26} {statistics.median(ordered):>8.2f} ms p50, {p99:.2f} ms p99 of {len(ordered):,}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["positions"]:
        uvloop.run(pour(sys.argv[2], sys.argv[3], uuid.UUID(sys.argv[4])))
    else:
        main()
