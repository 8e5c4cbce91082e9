"""A storm of claims: 500 claimants for each place, over HTTP, against one process of the service.

Each of 64 connections sends its next attempt when it has its answer. Nobody relays, so what is said waits in
the outbox, where the winners are counted once more. Run by itself: `python -m tests.benchmarks.claims`.
"""

import asyncio
import json
import random
import statistics
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import asyncpg
import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.postgres import Postgres
from shared.identifiers import new_id
from tests.benchmarks.serving import serving
from tests.fixtures.identity import Issuer

ROUNDS = 5
PLACES = 8
CLAIMANTS = 500
CONNECTIONS = 64
KIND = {"who": ["rider"], "confirmation": "staff", "minutes": 1, "ask": 0}


@dataclass(frozen=True)
class Round:
    """Attempts a second and their milliseconds."""

    rate: float
    times: list[float]


@dataclass(frozen=True)
class Town:
    """The community and its claimants: person, entry and what they show for themselves."""

    community: uuid.UUID
    entries: dict[str, uuid.UUID]
    headers: dict[str, dict[str, str]]


def run(superuser_url: str) -> list[Round]:
    """Measure on this server, in a database of its own."""
    name = f"bench_claims_{uuid.uuid4().hex[:8]}"
    uvloop.run(create_roles(superuser_url))
    uvloop.run(create_databases(superuser_url, [name]))
    urls = DatabaseUrls.on(superuser_url, name)
    uvloop.run(migrate("volunteer", urls.owner_url))
    issuer = Issuer()
    try:
        town = uvloop.run(_peopled(urls, issuer))
        with serving("services.volunteer", urls, issuer) as url:
            return uvloop.run(_rounds(url, urls, town, issuer))
    finally:
        issuer.close()
        uvloop.run(drop_database(superuser_url, name))


async def _peopled(urls: DatabaseUrls, issuer: Issuer) -> Town:
    community, now = new_id(), datetime.now(UTC)
    entries = {f"rider-{number}": new_id() for number in range(CLAIMANTS)}
    system = await asyncpg.connect(urls.system_url)
    await system.executemany(
        "INSERT INTO volunteers (id, community_id, person, kind, state, consent_text, consented_at, "
        "registered_at, changed_at, version) VALUES ($1, $2, $3, 'rider', 'active', '1', $4, $4, $4, 2)",
        [(entry, community, person, now) for person, entry in entries.items()],
    )
    await system.close()
    headers = {
        person: {"Authorization": f"Bearer {issuer.token(person, {community: ['rider']}, lifetime=7200)}"}
        for person in entries
    }
    return Town(community, entries, headers)


async def _rounds(url: str, urls: DatabaseUrls, town: Town, issuer: Issuer) -> list[Round]:
    staff = {"Authorization": f"Bearer {issuer.token('ola', {town.community: ['operator']}, lifetime=7200)}"}
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        body = {"code": "storm", "rules": KIND}
        async with session.post("/task-kinds", json=body, headers=staff) as answer:
            answer.raise_for_status()
        await _storm(session, town, await _opened(session, staff))  # tokens verified, plans made
        rounds = []
        for _ in range(ROUNDS):
            tasks = await _opened(session, staff)
            rounds.append(await _storm(session, town, tasks))
            await _one_winner_each(urls, tasks)
    return rounds


async def _opened(session: aiohttp.ClientSession, staff: dict[str, str]) -> list[str]:
    """Tasks with one place each, at different times, so that a winner may win another too."""
    tasks, now = [], datetime.now(UTC)
    for number in range(PLACES):
        begins = now + timedelta(hours=1, minutes=5 * number)
        window = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(minutes=5)).isoformat()}
        async with session.post("/tasks", json={"kind": "storm", **window}, headers=staff) as answer:
            answer.raise_for_status()
            tasks.append(str((await answer.json())["id"]))
    return tasks


async def _storm(session: aiohttp.ClientSession, town: Town, tasks: list[str]) -> Round:
    """Everybody wants each place, one place after the other, all at once."""
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def attempts(task: str, persons: list[str]) -> None:
        for person in persons:
            data = json.dumps({"volunteer": str(town.entries[person])})
            head = town.headers[person] | {"Content-Type": "application/json"}
            began = time.perf_counter()
            async with session.post(f"/tasks/{task}/claim", data=data, headers=head) as answer:
                await answer.read()
            times.append((time.perf_counter() - began) * 1000)
            statuses[answer.status] += 1

    began = time.perf_counter()
    for task in tasks:
        persons = random.sample(list(town.entries), CLAIMANTS)
        await asyncio.gather(*(attempts(task, persons[start::CONNECTIONS]) for start in range(CONNECTIONS)))
    took = time.perf_counter() - began
    if statuses != {200: len(tasks), 409: len(tasks) * (CLAIMANTS - 1)}:
        raise RuntimeError(f"not one winner for each place: {statuses}")
    return Round(len(times) / took, times)


async def _one_winner_each(urls: DatabaseUrls, tasks: list[str]) -> None:
    system = await asyncpg.connect(urls.system_url)
    claims = await system.fetchval("SELECT count(*) FROM claims WHERE task_id = ANY($1::uuid[])", tasks)
    said = await system.fetchval(
        "SELECT count(DISTINCT key) FROM outbox WHERE encode(records, 'escape') LIKE '%task-claimed%' "
        "AND convert_from(key, 'UTF8') = ANY($1::text[])",
        tasks,
    )
    await system.close()
    if claims != len(tasks) or said != len(tasks):
        raise RuntimeError(f"{claims} claims and {said} facts for {len(tasks)} places")


def main() -> None:
    """Start a durable server, measure, and print the medians."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = Postgres(folder / "postgres")
        try:
            postgres.start()
            rounds = run(postgres.url())
        finally:
            postgres.kill()
    for line in lines(rounds):
        print(line)  # noqa: T201


def lines(rounds: list[Round]) -> list[str]:
    """Say the result."""
    each = " ".join(f"{one.rate:,.0f}" for one in rounds)
    times = sorted(time for one in rounds for time in one.times)
    p50, p99 = (times[int(len(times) * share)] for share in (0.5, 0.99))
    return [
        f"{'attempts':<16} {statistics.median(one.rate for one in rounds):>10,.0f} a second   ({each})"
        "  (goal: 1,000)",
        f"{'of each':<16} p50 {p50:.1f} ms, p99 {p99:.1f} ms  (goal: p99 250 ms)",
    ]


if __name__ == "__main__":
    main()
