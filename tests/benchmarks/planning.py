"""Notify's planning by chunks against the same planning with one event per transaction.

Both take in the same kind of records through the consumer's own intake, inbox included: four interleaved
types of events, one in ten a repeat; the chunks as the consumer takes them, side by side in all its lanes.
Neither talks to Kafka, so the chunk is spared no round trip that the single event has to make. Run by itself:
`python -m tests.benchmarks.planning`.
"""

import asyncio
import random
import statistics
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.postgres import Postgres
from services.notify.domain.contacts import Language
from services.notify.store.phones import Phones
from services.notify.subscriptions import SUBSCRIPTIONS
from services.notify.usecases.project_register import project_register
from services.notify.usecases.put_contacts import GivenContact, put_contacts
from shared.contracts import (
    Assignee,
    Event,
    Fact,
    HouseholdRegistered,
    IssueAssigned,
    IssueResolved,
    PlaceRegistered,
    RoleGranted,
    VehicleRegistered,
    VolunteerRegistered,
)
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.messaging.consumer import LANES
from shared.messaging.envelope import to_record
from shared.messaging.incoming import Incoming
from shared.messaging.intake import Intake
from shared.runtime import collector
from shared.runtime.clock import SystemClock

ROUNDS = 5
CHUNK = 500
TURNS = 4
CHUNKS = 2
SINGLES = 100
REPEATED = 0.1
HOUSEHOLDS = 827
COMPOUNDS = 5


@dataclass(frozen=True)
class Result:
    """Events per second in each round, and how many messages one event makes."""

    chunks: tuple[float, ...]
    singles: tuple[float, ...]
    messages_per_event: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.chunks) / statistics.median(self.singles)


class Town:
    """A community whose people have telephones."""

    def __init__(self) -> None:
        self.community = new_id()
        self.compounds = [new_id() for _ in range(COMPOUNDS)]
        self.households = [new_id() for _ in range(HOUSEHOLDS)]
        self._chance = random.Random(11)

    def people(self) -> list[str]:
        return [f"resident-{n}" for n in range(2 * HOUSEHOLDS)] + [f"guard-{n}" for n in range(COMPOUNDS)]

    def register(self) -> list[Event[Fact]]:
        facts: list[Fact] = []
        for number, compound in enumerate(self.compounds):
            name = f"合源小区{number}期"
            facts.append(
                PlaceRegistered(
                    place=compound, kind="compound", parent=self.community, name=name, code=f"HY{number}"
                )
            )
            facts.append(RoleGranted(grant=new_id(), person=f"guard-{number}", role="guard", place=compound))
        for number, household in enumerate(self.households):
            persons = (f"resident-{2 * number}", f"resident-{2 * number + 1}")
            facts.append(HouseholdRegistered(household=household, unit=new_id(), persons=persons))
        return [self.event(fact, "/linli/issues") for fact in facts]

    def event(self, fact: Fact, source: str) -> Event[Fact]:
        trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
        return Event(new_id(), source, datetime.now(UTC), self.community, 1, fact, traceparent=trace)

    def records(self, count: int) -> list[Incoming]:
        """Four types in turn; one in ten of them is one that came before."""
        made: list[Incoming] = []
        for offset in range(count):
            if made and self._chance.random() < REPEATED:
                made.append(self._chance.choice(made))
                continue
            fact = self._fact(offset)
            record = to_record(self.event(fact, f"/linli/{fact.producer}"))
            headers = tuple((name, value.encode()) for name, value in record.headers.items())
            made.append(Incoming(record.topic, 0, offset, record.key, headers, record.value, 0))
        return made

    def _fact(self, turn: int) -> Fact:
        now, chance = datetime.now(UTC), self._chance
        resident = f"resident-{chance.randrange(2 * HOUSEHOLDS)}"
        place = chance.choice(self.compounds)
        if turn % 4 == 0:
            guard = Assignee(role="guard", place=place)
            return IssueAssigned(
                case=new_id(),
                category="noise",
                place=place,
                priority="ordinary",
                assignee=guard,
                reporter=resident,
            )
        if turn % 4 == 1:
            return IssueResolved(
                case=new_id(),
                category="noise",
                place=place,
                reporter=resident,
                resolver="guard-1",
                resolved_at=now,
            )
        if turn % 4 == 2:
            household = chance.choice(self.households)
            return VehicleRegistered(
                vehicle=new_id(), household=household, masked_plate="浙L·**123", index=1, valid_from=now
            )
        return VolunteerRegistered(volunteer=new_id(), person=resident, kind="resident", state="active")


def run(superuser_url: str) -> Result:
    """Measure in interleaved rounds, in a database of its own on this server."""
    return uvloop.run(_measure(superuser_url))


async def _measure(superuser_url: str) -> Result:
    async with _database(superuser_url) as urls, Database.open(urls.url, urls.system_url) as database:
        works = Works(database, SystemClock(), outbox, "/linli/notify")
        intake = Intake("notify", works, SUBSCRIPTIONS, {})
        town = Town()
        await _furnish(works, town)
        await _take_in(intake, town.records(CHUNK), CHUNK)  # plans prepared, templates compiled
        # As a serving process does once it is up; otherwise the collector walks every module in both.
        collector.settle()
        chunks, singles = [], []
        for _ in range(ROUNDS):
            one_by_one = together = 0.0
            for _ in range(TURNS):
                one_by_one += await _take_in(intake, town.records(SINGLES), 1)
                partitions = [town.records(CHUNKS * CHUNK) for _ in range(LANES)]
                together += await _side_by_side(intake, partitions)
            singles.append(TURNS * SINGLES / one_by_one)
            chunks.append(TURNS * LANES * CHUNKS * CHUNK / together)
        made = await database.system.fetchval("SELECT count(*) FROM messages")
        taken = CHUNK + ROUNDS * TURNS * (SINGLES + LANES * CHUNKS * CHUNK)
    return Result(tuple(chunks), tuple(singles), made / taken)


async def _take_in(intake: Intake, records: Sequence[Incoming], size: int) -> float:
    began = perf_counter()
    for start in range(0, len(records), size):
        await intake.take_in(records[start : start + size])
    return perf_counter() - began


async def _side_by_side(intake: Intake, partitions: Sequence[Sequence[Incoming]]) -> float:
    began = perf_counter()
    await asyncio.gather(*(_take_in(intake, records, CHUNK) for records in partitions))
    return perf_counter() - began


async def _furnish(works: Works, town: Town) -> None:
    phones = Phones({"k1": b"k" * 32})
    given = [
        GivenContact(person, Language.ZH if number % 4 else Language.EN, f"+86138{number:08d}")
        for number, person in enumerate(town.people())
    ]
    async with works.for_system("bench") as work:
        await project_register(work, town.register())
        await put_contacts(work, phones, town.community, given)


@asynccontextmanager
async def _database(superuser_url: str) -> AsyncIterator[DatabaseUrls]:
    name = f"bench_planning_{uuid.uuid4().hex[:8]}"
    await create_roles(superuser_url)
    await create_databases(superuser_url, [name])
    urls = DatabaseUrls.on(superuser_url, name)
    await migrate("notify", urls.owner_url)
    yield urls
    await drop_database(superuser_url, name)


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
        _line("planning, chunks", result.chunks),
        _line("planning, singles", result.singles),
        f"{'ratio':<18} {result.ratio:>10.2f}x  (goal: 15x)",
        f"{'messages an event':<18} {result.messages_per_event:>10.2f}",
    ]


def _line(label: str, rates: Sequence[float]) -> str:
    each = " ".join(f"{rate:,.0f}" for rate in rates)
    return f"{label:<18} {statistics.median(rates):>10,.0f} events a second   ({each})"


if __name__ == "__main__":
    main()
