"""Names and doors as canaries: no route, role, event, log, metric or table lets one out before its stage."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.volunteer.api.access import STAFF
from services.volunteer.usecases.offer_tasks import offer_tasks
from shared.identifiers import new_id
from shared.messaging.settings import KafkaSettings
from shared.security.roles import Role
from tests.fixtures.bus import Bus
from tests.fixtures.waiting import eventually
from tests.volunteer.conftest import BUILDING, CANARIES, COMPOUND, ELDER, HERE, THERE, Volunteering
from tests.worlds.recording import asking

pytestmark = pytest.mark.anyio

Route = tuple[str, str]
Somebody = tuple[str, str, Any]

ROLES = [role.value for role in Role if role not in STAFF]
STRANGERS: list[Somebody] = [(f"some-{role}", role, HERE) for role in ROLES]
ABROAD: list[Somebody] = [("zhao", role, THERE) for role in ("operator", "steward", "rider")]
NEIGHBOUR: Somebody = ("rider-8", "rider", HERE)
RIDER: Somebody = ("rider-7", "rider", HERE)
HELPED: Somebody = ("elder-1", "resident", HERE)
BODIES: Mapping[str, Any] = {
    "report": {"outcome": "done"},
    "confirm": {"code": "0000"},
    "dispute": {"reason": "not-done"},
    "decide": {"decision": "stands"},
    "counter": {"reason": "somebody-else-came"},
}
# What would end a task, a series, or duty is done where the story has it, or when all is over.
ENDING = ("/leave", "/claim", "/confirm", "/accept", "/decline", "/cancel", "/end", "/calendar", "/close")
# They know nobody, so they are asked once in each round.
PUBLIC = ("/health", "/metrics", "/links", "/calendar.ics")
OWN = {"rider GET /tasks/{task_id}/beneficiary"}
FOR_STAFF = {"/volunteers", "/beneficiaries/{beneficiary_id}", "/disputes", "/tasks/{task_id}/offers"}
SPELT = [
    spelt
    for canary in CANARIES
    for text in (canary, json.dumps(canary)[1:-1])
    for spelt in (text, text.encode().hex())
]
FILLED = {
    *("tasks", "task_places", "task_kinds", "claims", "offers", "looks", "hours", "duties", "positions"),
    *("links", "disputes", "series", "calendar_feeds", "volunteers", "idempotency_keys"),
}


def seen_in(text: str) -> set[str]:
    return {spelt for spelt in SPELT if spelt in text}


class Crawl:
    """Everything the service says to whoever asks, in search of a canary."""

    def __init__(self, client: httpx.AsyncClient, volunteering: Volunteering, ids: Mapping[str, str]) -> None:
        self.client, self.issuer, self.ids = client, volunteering.issuer, ids
        described = volunteering.service.app.openapi()["paths"]
        # A stream has no end: the streams of this test are read beside it.
        self.routes: list[Route] = sorted(
            (
                (verb.upper(), path)
                for path, verbs in described.items()
                for verb in verbs
                if path != "/events"
            ),
            key=lambda route: route[1].endswith(ENDING),
        )
        self.reading = [route for route in self.routes if route[0] == "GET"]
        self.harmless = [route for route in self.routes if not route[1].endswith((*ENDING, "/dispute"))]
        self.answered: set[tuple[str, int]] = set()

    async def leaks(self, routes: Iterable[Route], who: Sequence[Somebody]) -> set[str]:
        """Ask every route as everybody; give who got a canary where."""
        found = set()
        for number, (person, role, community) in enumerate(who):
            token = self.issuer.headers(person, {community: [role]})
            for verb, path in routes:
                if number and path.startswith(PUBLIC):
                    continue
                answer = await self._ask(verb, path, token)
                self.answered.add((f"{verb} {path}", answer.status_code))
                if seen_in(answer.text + str(answer.headers.raw)):
                    found.add(f"{role} {verb} {path}")
        return found

    async def _ask(self, verb: str, path: str, token: Mapping[str, str]) -> httpx.Response:
        known = {"Linli-Link": self.ids["link"]} if path.startswith("/links") else {}
        secret = {"secret": self.ids["feed"]} if path == "/calendar.ics" else None
        body = None if verb == "GET" else BODIES.get(path.rsplit("/", 1)[-1], {})
        if path.endswith("/claim"):
            body = {"volunteer": self.ids["volunteer_id"]}
        if body is not None:
            known["Idempotency-Key"] = str(new_id())
        return await self.client.request(
            verb, path.format(**self.ids), json=body, params=secret, headers={**token, **known}
        )


async def furnished(at: Volunteering) -> dict[str, str]:
    """A task that is offered to one rider, and another's that was disputed and decided: the ids of it all."""
    rules = {"who": ["rider"], "confirmation": "code"}
    await at.made("ola", "operator", "/task-kinds", {"code": "carry", "rules": rules})
    elder, rider, other = await at.elder(), await at.active("rider-7"), await at.active("rider-8")
    ask = {"kind": "carry", "beneficiary": elder}
    past = f"/tasks/{(await at.made('daughter-1', 'resident', '/tasks', ask))['id']}"
    await at.made("rider-8", "rider", f"{past}/claim", {"volunteer": other})
    await at.made("rider-8", "rider", f"{past}/check-in", {})
    await at.made("rider-8", "rider", f"{past}/report", {"outcome": "done", "evidence": ["photo:1"]})
    dispute = (await at.made("elder-1", "resident", f"{past}/dispute", {"reason": "not-done"}))["id"]
    await at.made("ola", "operator", f"/disputes/{dispute}/decide", {"decision": "stands"})
    (entry,) = (await at.read("rider-8", "rider", f"/volunteers/{other}/hours"))["items"]
    first = at.service.context.clock.now().replace(microsecond=0) + timedelta(days=20)
    again = ask | {"starts_at": first.isoformat(), "rule": "FREQ=DAILY"}
    series = await at.made("elder-1", "resident", "/recurring-tasks", again)
    task = (await at.made("zhang", "steward", "/tasks", ask))["id"]
    await at.on_duty("rider-7", rider)
    assert await offer_tasks(at.works) == 1
    (duty,) = (await at.read("rider-7", "rider", f"/volunteers/{rider}/duty"))["items"]
    (offer,) = (await at.read("rider-7", "rider", "/offers/mine"))["items"]
    feed = (await at.made("rider-7", "rider", f"/volunteers/{rider}/calendar"))["path"]
    return {
        "task_id": task,
        "beneficiary_id": elder,
        "volunteer_id": rider,
        "offer_id": offer["id"],
        "duty_id": duty["id"],
        "entry_id": entry["id"],
        "dispute_id": dispute,
        "series_id": series["id"],
        "code": "first-aid",
        "feed": feed.partition("=")[2],
        "link": (await at.made("elder-1", "resident", f"/tasks/{task}/links"))["secret"],
    }


@asynccontextmanager
async def streaming(at: Volunteering, *who: Somebody) -> AsyncIterator[list[str]]:
    """Read the streams of these persons, all lines in one list."""
    lines: list[str] = []

    async def read(person: str, role: str, ready: asyncio.Event) -> None:
        async with at.client(person, role) as client, client.stream("GET", "/events") as stream:
            async for line in stream.aiter_lines():
                lines.append(line)
                ready.set()

    ready = [asyncio.Event() for _ in who]
    tasks = [asyncio.create_task(read(*one[:2], each)) for one, each in zip(who, ready, strict=True)]
    await asyncio.gather(*(each.wait() for each in ready))
    yield lines
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_no_canary_leaves_before_its_stage(
    volunteering: Volunteering, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = [*STRANGERS, *ABROAD, NEIGHBOUR, HELPED]
    staff = ("zhang", "steward", HERE)
    async with streaming(volunteering, staff, RIDER, HELPED, STRANGERS[1]) as streams:
        ids = await furnished(volunteering)
        task = f"/tasks/{ids['task_id']}"
        async with asking(volunteering.service) as client:
            crawl = Crawl(client, volunteering, ids)
            assert await crawl.leaks(crawl.reading, everybody) == set()
            assert await crawl.leaks(crawl.harmless, [RIDER]) == set()

            await volunteering.made("rider-7", "rider", f"/offers/{ids['offer_id']}/accept", {})
            assert await crawl.leaks(crawl.reading, everybody) == set()
            assert await crawl.leaks(crawl.reading, [RIDER]) == OWN
            seen = await volunteering.read("rider-7", "rider", f"{task}/beneficiary")
            assert (seen["building"], seen["entry_hint"]) == (ELDER["building"], None)

            await volunteering.made("rider-7", "rider", f"{task}/check-in", {})
            assert await crawl.leaks(crawl.reading, everybody) == set()
            assert await crawl.leaks(crawl.harmless, [*STRANGERS, NEIGHBOUR, *ABROAD[:1]]) == set()
            assert await crawl.leaks(crawl.reading, [RIDER]) == OWN

            code = (await volunteering.read("elder-1", "resident", f"{task}/code"))["code"]
            await volunteering.made("rider-7", "rider", f"{task}/confirm", {"code": code})
            await until_said(streams, ids["task_id"], "task-completed")
            assert await crawl.leaks(crawl.reading, everybody) == set()
            assert await crawl.leaks(crawl.routes, [RIDER, HELPED, *STRANGERS[:1]]) == set()
    succeeded = {name for name, status in crawl.answered if status < 300}
    assert succeeded >= {f"{verb} {path}" for verb, path in crawl.reading if path not in FOR_STAFF}
    said = "".join(streams)
    assert not seen_in(said)
    assert {fact["place"] for fact in facts_of(streams) if "place" in fact} == {str(COMPOUND)}
    records = await asyncio.to_thread(
        Bus(kafka_settings.bootstrap_servers, kafka_settings.topic_prefix).records, "linli.volunteer"
    )
    assert records
    assert not seen_in(" ".join(f"{(r.value or b'').hex()} {r.headers} {r.key!r}" for r in records))
    await no_table_keeps_one(volunteering)
    logged = capsys.readouterr()
    assert "/tasks/" in logged.out + logged.err
    assert not seen_in(logged.out + logged.err)


def facts_of(streams: Iterable[str]) -> list[dict[str, Any]]:
    found = [json.loads(line.removeprefix("data: ")) for line in streams if line.startswith("data: ")]
    return [event["data"] for event in found]


async def until_said(streams: list[str], task: str, noun: str) -> None:
    """Wait until staff, the rider and the elder have heard of a task's end."""
    await asyncio.to_thread(
        eventually,
        lambda: sum(task in line and f".{noun}." in line for line in streams) >= 3,
        10,
        f"a {noun} on three streams",
    )


async def no_table_keeps_one(at: Volunteering) -> None:
    """Search every table but that of beneficiaries, and that of places for what is theirs."""
    system = at.service.context.database.system
    tables = await system.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    filled = set()
    for (table,) in tables:
        kept = [row[0] for row in await system.fetch(f"SELECT row_to_json(t)::text FROM {table} AS t")]
        if kept:
            filled.add(table)
        theirs = {str(BUILDING)} if table == "places" else set()
        if table != "beneficiaries":
            assert not seen_in(" ".join(kept)) - theirs - {each.encode().hex() for each in theirs}, table
    assert filled >= FILLED
    looks = await system.fetch("SELECT DISTINCT person, stage FROM looks")
    looked = {("rider-7", "claimed"), ("rider-7", "checked-in"), ("elder-1", "code"), ("daughter-1", "code")}
    assert {tuple(row) for row in looks} <= looked
