"""A storm of claims on three processes, of which two are killed: no place twice, none lost, one fact each."""

import asyncio
import json
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from shared.identifiers import new_id
from shared.runtime.running import Activity
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.fixtures.outbox import WAITING, facts_in
from tests.fixtures.services import MakeSettings
from tests.runtime.processes import Process, started

pytestmark = pytest.mark.anyio
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

PROCESSES = 3
TASKS = 10
CLAIMANTS = 20
PLACES = 4
"""The last task has so many, the others one."""
GATE = 4711
# The win of one task waits in its COMMIT for as long as the test holds the gate.
HOLD_THE_COMMIT = f"""
CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON claims DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.task_id = '{{task}}') EXECUTE FUNCTION wait_at_the_gate()
"""
COMMUNITY = new_id()


class Storm:
    """Everybody wants every place, asks any process, and asks again until somebody answers."""

    def __init__(self, urls: list[str], issuer: Issuer, entries: dict[str, UUID]) -> None:
        self._urls = urls
        self._entries = entries
        self._headers = {person: issuer.headers(person, {COMMUNITY: ("rider",)}) for person in entries}
        self.won: dict[str, list[tuple[str, str]]] = {}
        self.unanswered = 0
        self.answers = 0
        self._progress = asyncio.Event()

    async def answered(self, many: int) -> None:
        """Wait until so many wishes were answered."""
        while self.answers < many:
            self._progress.clear()
            await self._progress.wait()

    async def claim(self, session: aiohttp.ClientSession, person: str, task: str, turn: int) -> None:
        """One wish, with its key, until it is answered for good."""
        headers = self._headers[person] | {"Idempotency-Key": f"{person}-{task}"}
        body = {"volunteer": str(self._entries[person])}
        for attempt in range(200):
            url = f"{self._urls[(turn + attempt) % PROCESSES]}/tasks/{task}/claim"
            try:
                async with session.post(url, json=body, headers=headers) as answer:
                    said = await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                self.unanswered += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status >= 500 or said.get("type", "").endswith("in-progress"):
                await asyncio.sleep(0.05)
                continue
            self.answers += 1
            self._progress.set()
            assert answer.status in {200, 409}, said
            if answer.status == 200:
                self.won.setdefault(task, []).append((said["id"], person))
            return
        pytest.fail(f"nobody answered {person}")


async def test_three_processes_killed_amid_a_storm_give_each_place_once(
    service_settings: MakeSettings, databases: Databases, issuer: Issuer
) -> None:
    urls_of = databases("volunteer")
    settings = service_settings(
        "volunteer",
        {Activity.api},
        database_url=urls_of.url,
        database_system_url=urls_of.system_url,
    )
    database = await asyncpg.connect(str(settings.database_system_url))
    entries, (held, *tasks) = await prepared(database)
    await close_the_gate(database, urls_of.owner_url, held)
    only = ("--only", "api")
    with (
        started("services.volunteer", settings, *only) as one,
        started("services.volunteer", settings, *only) as two,
        started("services.volunteer", settings, *only) as three,
    ):
        processes = [one, two, three]
        urls = [listening(process) for process in processes]
        storm = Storm(urls, issuer, entries)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            unheard = asyncio.create_task(storm.claim(session, "rider-0", held, 0))
            await at_the_gate(database)
            late = asyncio.create_task(storm.claim(session, "rider-1", held, 1))
            wishes = [
                asyncio.create_task(storm.claim(session, person, task, number))
                for task in tasks
                for number, person in enumerate(entries)
            ]
            # Two die while it blows, the third one sees it through; the first dies within a COMMIT.
            for process, share in ((one, 0.25), (two, 0.5)):
                await storm.answered(round(share * len(wishes)))
                process.child.send_signal(signal.SIGKILL)
                await database.execute(f"SELECT pg_advisory_unlock({GATE})")
            await asyncio.gather(unheard, late, *wishes)
    assert storm.unanswered > 0, "the kills hit nobody"
    assert [person for _, person in storm.won[held]] == ["rider-0"]  # who won, unheard, and asked again
    places = await database.fetch("SELECT task_id, claim_id FROM task_places")
    assert len(places) == TASKS + PLACES
    claims = {row["id"]: row for row in await database.fetch("SELECT id, task_id, person FROM claims")}
    assert {row["claim_id"] for row in places} == set(claims)  # none doubled, none lost
    # Whoever was told to have won has it, and each winner was told, by the answer or the one to the repeat.
    assert {(task, claim) for task, told in storm.won.items() for claim, _ in told} == {
        (str(row["task_id"]), str(row["claim_id"])) for row in places
    }
    waiting = facts_in(await database.fetch(WAITING))
    said = Counter(data["claim"] for headers, data in waiting if ".task-claimed." in headers["ce_type"])
    assert said == Counter(str(claim) for claim in claims)
    await database.close()


async def close_the_gate(database: Connection, owner_url: str, task: str) -> None:
    owner = await asyncpg.connect(owner_url)
    await owner.execute(HOLD_THE_COMMIT.format(task=task))
    await owner.close()
    await database.execute(f"SELECT pg_advisory_lock({GATE})")


async def at_the_gate(database: Connection) -> None:
    """Wait until a COMMIT waits for the gate."""
    waiting = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
    for _ in range(500):
        if await database.fetchval(waiting):
            return
        await asyncio.sleep(0.02)
    pytest.fail("nobody has won")


def listening(process: Process) -> str:
    return str(process.until("listening")["url"])


async def prepared(database: Connection) -> tuple[dict[str, UUID], list[str]]:
    """Claimants, and tasks that do not overlap, so that one person may win them all."""
    now = datetime.now(UTC)
    entries = {f"rider-{number}": new_id() for number in range(CLAIMANTS)}
    await database.executemany(
        "INSERT INTO volunteers (id, community_id, person, kind, state, consent_text, consented_at, "
        "registered_at, changed_at, version) VALUES ($1, $2, $3, 'rider', 'active', '1', $4, $4, $4, 2)",
        [(entry, COMMUNITY, person, now) for person, entry in entries.items()],
    )
    tasks = [new_id() for _ in range(TASKS + 1)]
    rules = json.dumps({"who": ["rider"], "confirmation": "staff"})
    for number, task in enumerate(tasks):
        begins = now + timedelta(hours=1, minutes=30 * number)
        await database.execute(
            "INSERT INTO tasks (id, community_id, kind, rules, minutes, starts_at, ends_at, places, "
            "two_persons, opened_at, family, code_failures, state, version) "
            "VALUES ($1, $2, 'errand', $3::jsonb, 30, $4, $5, $7, false, $6, '{}', 0, 'open', 1)",
            *(task, COMMUNITY, rules, begins, begins + timedelta(minutes=30), now),
            places := PLACES if number == TASKS else 1,
        )
        await database.execute(
            "INSERT INTO task_places (task_id, number, community_id) "
            "SELECT $1, number, $2 FROM generate_series(1, $3::integer) AS number",
            *(task, COMMUNITY, places),
        )
    return entries, [str(task) for task in tasks]
