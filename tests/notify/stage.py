"""A stage for notify: its real database, a settable business clock, and phones that keep a ledger."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import pytest

from deploy.embedded.databases import DatabaseUrls
from deploy.simulators.phones.running import run_phones
from services.notify.channels import batch_call
from services.notify.channels.http_push import HttpPush
from services.notify.channels.http_sms import HttpSms
from services.notify.domain.contacts import Language
from services.notify.store.phones import Phones, phones_from
from services.notify.usecases.plan_messages import plan_messages
from services.notify.usecases.project_register import project_register
from services.notify.usecases.put_contacts import GivenContact, put_contacts
from services.notify.usecases.send_messages import Lane, Sender
from shared.contracts import Assignee, Event, Fact, IssueAssigned
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.security.signatures import sign
from tests.fixtures.databases import Databases
from tests.fixtures.outbox import WAITING, facts_in

PROVIDER_KEY = "the-gateway-key"
RECEIPT_SECRET = "the-receipt-secret"
PHONE_KEYS = "k1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
COMPOUND, BUILDING = uuid4(), uuid4()
MORNING = datetime(2026, 3, 2, 0, 15, 30, tzinfo=UTC)


@dataclass
class SetClock:
    """Business time that moves only when a test says so."""

    time: datetime = MORNING

    def now(self) -> datetime:
        return self.time


@dataclass
class Stage:
    """Notify's use cases in one community, without HTTP and Kafka."""

    database: Database
    clock: SetClock
    works: Works
    phones: Phones
    community: UUID = field(default_factory=uuid4)

    def event(self, fact: Fact, sequence: int = 1, **envelope: Any) -> Event[Any]:
        """An occurrence of a fact here and now."""
        known: dict[str, Any] = {
            "id": new_id(),
            "source": f"/linli/{fact.producer}",
            "time": self.clock.now(),
            "community": self.community,
        }
        return Event(**known | envelope, sequence=sequence, data=fact)

    async def plan(self, *events: Event[Any]) -> None:
        async with self.works.for_system("test") as work:
            await plan_messages(work, events)

    async def register(self, *events: Event[Any]) -> None:
        async with self.works.for_system("test") as work:
            await project_register(work, events)

    async def contact(
        self,
        person: str,
        phone: str | None = None,
        push: str | None = None,
        language: Language = Language.ZH,
        community: UUID | None = None,
    ) -> None:
        given = GivenContact(person, language, phone, push)
        async with self.works.for_system("test") as work:
            await put_contacts(work, self.phones, community or self.community, [given])

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.system.fetch(query, *values)]

    async def messages(self) -> list[dict[str, Any]]:
        return await self.rows("SELECT * FROM messages ORDER BY planned_at, person, channel, id")

    async def published(self, event_type: str) -> list[dict[str, Any]]:
        """What waits in the outbox of one type, as data with its headers."""
        found = facts_in(await self.rows(WAITING))
        return [{**data, "_headers": headers} for headers, data in found if headers["ce_type"] == event_type]


EMPTY = (
    "TRUNCATE contacts, places, households, grants, rulebook, messages, attempts, receipts, outbox, inbox,"
    " preferences, withdrawals, duties",
    "UPDATE rulebook_revision SET revision = gen_random_uuid(), edition = 0",
)


@pytest.fixture(scope="module")
def stage_urls(module_databases: Databases) -> DatabaseUrls:
    """One database for the tests of a module; each finds it empty."""
    return module_databases("notify")


@pytest.fixture
async def stage(stage_urls: DatabaseUrls) -> AsyncIterator[Stage]:
    urls = stage_urls
    owner = await asyncpg.connect(urls.owner_url)
    for statement in EMPTY:
        await owner.execute(statement)
    await owner.close()
    clock = SetClock()
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, clock, outbox, "/linli/notify")
        yield Stage(database, clock, works, phones_from(PHONE_KEYS))


@dataclass
class Handsets:
    """The simulated phones: whom they rang, by their own account."""

    url: str
    http: httpx.AsyncClient
    state: Path

    async def ledger(self) -> list[dict[str, Any]]:
        answer = await self.http.get(f"{self.url}/ledger")
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def fault(self, mode: str, **script: Any) -> None:
        answer = await self.http.put(f"{self.url}/faults", json={"mode": mode, **script})
        assert answer.is_success, answer.text


@pytest.fixture
async def handsets(tmp_path: Path) -> AsyncIterator[Handsets]:
    port, state = free_port(), tmp_path / "phones.jsonl"
    signing = partial(sign, key_id="phones", secret=RECEIPT_SECRET)
    serving = asyncio.create_task(
        run_phones(port, state, PROVIDER_KEY, signing, receipt_delay=0.01, signals=False)
    )
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        handsets = Handsets(f"http://127.0.0.1:{port}", http, state)
        while not serving.done():
            try:
                await http.get(f"{handsets.url}/health/ready")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.02)
        yield handsets
    serving.cancel()
    await asyncio.wait([serving])


@dataclass
class Lanes:
    """Both lanes towards the handsets."""

    sms: Lane
    push: Lane

    async def send_all(self, works: Works, rounds: int = 200) -> int:
        """Send until nothing is due, not waiting for a provider that wants its rest."""
        sent = 0
        for _ in range(rounds):
            done = sum([await Sender(lane)(works) for lane in (self.sms, self.push)])
            sent += done
            if not done:
                break
        return sent

    def woken(self) -> None:
        """Forget that a provider wanted to be left alone."""
        for lane in (self.sms, self.push):
            lane._rests_until = 0.0


@pytest.fixture
async def lanes(stage: Stage, handsets: Handsets) -> AsyncIterator[Lanes]:
    callback = f"http://127.0.0.1:{free_port()}/receipts"
    async with batch_call.client(PROVIDER_KEY) as sms, batch_call.client(PROVIDER_KEY) as push:
        yield Lanes(
            Lane(HttpSms(sms, handsets.url, f"{callback}/sms"), stage.phones, lease=1),
            Lane(HttpPush(push, handsets.url, f"{callback}/push"), stage.phones, lease=1),
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def number(index: int) -> str:
    """A valid mobile number, one for each index."""
    return f"+86138{index:08d}"


async def due_now(stage: Stage, states: Sequence[str] = ("ready", "unknown", "submitting")) -> None:
    """Let no message wait for its next try, and no lease last."""
    await stage.database.system.execute(
        "UPDATE messages SET next_at = $1 WHERE state = ANY($2)", datetime.now(UTC) - timedelta(1), states
    )


def assigned(
    case: UUID, assignee: Assignee, reporter: str | None = "reporter", **more: object
) -> IssueAssigned:
    known: dict[str, object] = {"category": "noise", "place": BUILDING, "priority": "ordinary"}
    return IssueAssigned.model_validate(
        {**known, **more, "case": case, "assignee": assignee, "reporter": reporter}
    )
