"""Gates for the benchmarks: compounds with two gates each, and what those deliver, signed beforehand."""

import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import orjson

from deploy.embedded.databases import DatabaseUrls
from services.parking.domain.limits import LimitRule
from services.parking.store import compounds
from services.parking.store.compounds import CompoundState
from services.parking.usecases.register_device import Registration, register_device
from services.parking.usecases.set_limits import define_rule
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.runtime.clock import SystemClock
from shared.security.signatures import sign

COMPOUNDS = 5
FREE_MINUTES = 120
STAYING = timedelta(minutes=30)
INSIDE = 1_000
MOST_UNDER_WAY = 160
"""Before the first exits come entries of so many cars, and never fewer deliveries than are under way at once:
a car that has just come in does not leave within the same second."""


@dataclass(frozen=True)
class Gate:
    """A device's key."""

    key: str
    secret: str


@dataclass(frozen=True)
class Request:
    """One delivery, which may be sent within the five minutes of its signature."""

    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Town:
    """A community with its compounds, a way in and a way out each."""

    community: uuid.UUID
    compounds: Sequence[uuid.UUID]
    gates: Sequence[tuple[Gate, Gate]]

    def requests(self, many: int, reads_each: int) -> list[Request]:
        """Cars come in and leave, each compound in its turn; no read and no car comes twice."""
        return list(islice(self._deliveries(reads_each, max(INSIDE // reads_each, MOST_UNDER_WAY)), many))

    def _deliveries(self, size: int, inside: int) -> Iterator[Request]:
        run, began = uuid.uuid4().hex[:8], datetime.now(UTC) - timedelta(hours=1)
        parked: deque[tuple[Gate, range]] = deque()
        for number in count():
            entry, way_out = self.gates[number % COMPOUNDS]
            cars = range(number * size, (number + 1) * size)
            yield _request(entry, run, cars, began)
            parked.append((way_out, cars))
            if len(parked) > inside:
                yield _request(*_first(parked, run), began + STAYING)


def _first(parked: "deque[tuple[Gate, range]]", run: str) -> tuple[Gate, str, range]:
    way_out, cars = parked.popleft()
    return way_out, run, cars


def _request(gate: Gate, run: str, cars: range, began: datetime) -> Request:
    reads = [
        {
            "id": f"{run}-{car}",
            "captured_at": began + timedelta(milliseconds=car),
            "plate": f"浙{'ABCDEFGH'[car // 100_000 % 8]}{car % 100_000:05d}",
            "confidence": 0.97,
        }
        for car in cars
    ]
    body = orjson.dumps({"sent_at": datetime.now(UTC), "reads": reads})
    return Request(sign(body, key_id=gate.key, secret=gate.secret), body.decode())


async def found_town(urls: DatabaseUrls, many: int = COMPOUNDS) -> Town:
    """Make the compounds, their rules and their gates."""
    town = Town(new_id(), [new_id() for _ in range(many)], [])
    began = datetime.now(UTC) - timedelta(days=1)
    gates = []
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, SystemClock(), outbox, "/linli/parking")
        for number, compound in enumerate(town.compounds):
            async with works.for_system("bench", town.community) as work:
                state = CompoundState(compound, town.community, f"C{number}", 1)
                await compounds.project(work.connection, [state])
                await define_rule(work, town.community, compound, LimitRule(0, began, FREE_MINUTES))
                pair = []
                for role in ("entry", "exit"):
                    asked = Registration(new_id(), town.community, compound, role, role)
                    _, key = await register_device(work, asked)
                    pair.append(Gate(key.id, key.secret))
                gates.append((pair[0], pair[1]))
    return Town(town.community, town.compounds, gates)
