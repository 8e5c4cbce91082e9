"""The demo's day twice: once in peace, and once while everything is killed, paused, repeated and reordered.

Both times the same phones ring for the same things, which the provider's ledger tells, not our own tables.
"""

import asyncio
import random
import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import httpx
import orjson
import pytest

from deploy.demo.access import Access, Addresses
from deploy.demo.day.telling import STORIES, play_day
from deploy.demo.loading import COMMUNITY, load_town
from deploy.demo.town.making import Town, make_town
from deploy.embedded.databases import DatabaseUrls, blocking, clone_database, drop_database
from deploy.embedded.suite import Suite
from tests.fixtures.bus import Bus
from tests.fixtures.folders import server_folder
from tests.fixtures.servers import Servers

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

TOPICS = ("linli.issues", "linli.parking", "linli.volunteer")
# What the first day says and no other: cars and helpers are entered once.
ENTERED = ("vehicle-registered", "volunteer-registered")


@dataclass
class Street:
    """The whole suite as processes, on servers that the run holds."""

    suite: Suite
    bus: Bus
    access: Access
    town: Town
    position: int = 0
    away: set[str] = field(default_factory=set)
    hand: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who does harm holds it: two at once would be more than the suite's own supervision knows."""

    async def day(self) -> tuple[Counter[str], str]:
        """Play a day; how often phones rang for each thing once all is quiet, and the story as told."""
        story: list[str] = []
        await play_day(self.access, self.town, self.suite.folder / "clock.json", story.append)
        return await self.rung(), "\n".join(story)

    async def rung(self) -> Counter[str]:
        """What rang since it was last asked, once nothing has for a second and all receipts are in."""
        lines: list[dict[str, Any]] = []
        while True:
            await asyncio.sleep(1)
            answer = await self.access.client.get(
                f"{self.access.addresses.phones}/ledger?since={self.position}"
            )
            new = [orjson.loads(line) for line in answer.content.splitlines()]
            if not new:
                return Counter(line["template"] for line in lines if line["template"] not in ENTERED)
            self.position = new[-1]["position"]
            lines += new


@pytest.fixture
def street(servers: Servers) -> Iterator[Street]:
    prefix = f"d{uuid.uuid4().hex[:10]}."
    with server_folder() as folder, _databases(servers) as databases:
        external = {"KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap_servers, "KAFKA_TOPIC_PREFIX": prefix}
        for name, urls in databases.items():
            external[f"{name.upper()}_DATABASE_URL"] = urls.url
            external[f"{name.upper()}_DATABASE_SYSTEM_URL"] = urls.system_url
            external[f"{name.upper()}_DATABASE_OWNER_URL"] = urls.owner_url
        environment = {"notify": {"SEND_LEASE_SECONDS": "3"}}
        # No kept connections: whoever is at their other end is killed.
        client = httpx.AsyncClient(
            trust_env=False, timeout=60, limits=httpx.Limits(max_keepalive_connections=0)
        )
        with Suite(folder, external=external, environment=environment) as suite:
            names = ("identity", "issues", "notify", "phones", "parking", "volunteer")
            access = Access(client, Addresses(*map(suite.url, names)), COMMUNITY)
            bus = Bus(servers.bootstrap_servers, prefix)
            yield Street(suite, bus, access, make_town())
        bus.delete_topics()


@contextmanager
def _databases(servers: Servers) -> Iterator[Mapping[str, DatabaseUrls]]:
    names = {name: f"{name}_{uuid.uuid4().hex[:12]}" for name in ("issues", "notify", "parking", "volunteer")}
    for service, name in names.items():
        blocking(clone_database(servers.superuser_url, servers.template(service), name))
    yield {service: DatabaseUrls.on(servers.superuser_url, name) for service, name in names.items()}
    for name in names.values():
        blocking(drop_database(servers.superuser_url, name))


async def test_a_day_of_trouble_rings_as_a_day_of_peace(street: Street) -> None:
    await _loaded_once(street)
    peace, told = await street.day()
    assert [story.TITLE for story in STORIES if story.TITLE not in told] == []
    assert "reported, assigned, photo-added, overdue, assigned, resolved, checked, closed, rated" in told
    assert "0 open, 0 late" in told
    for name in street.suite.services:
        assert street.suite.stop(name)
    for name in random.Random(88).sample(sorted(street.suite.services), len(street.suite.services)):
        street.suite.start(name)
    async with asyncio.TaskGroup() as group:
        harmed: Counter[str] = Counter()
        troubles = [
            group.create_task(trouble)
            for trouble in (
                _kill_and_pause(street, harmed),
                _say_again(street),
                _stay_away(street, harmed, "volunteer"),
            )
        ]
        trouble, _ = await street.day()
        for each in troubles:
            each.cancel()
    assert trouble + await street.rung() == peace
    assert harmed.keys() == {"killed", "paused", "away"}


async def _loaded_once(street: Street) -> None:
    """The first time all is new; the second time nothing is, and that is soon clear."""
    first: list[str] = []
    await load_town(street.access, street.town, first.append)
    for kind, count in (("places", len(street.town.places)), ("contacts", len(street.town.contacts))):
        assert any(re.search(rf"{kind} +{count} (created|stored)", line) for line in first)
    again: list[str] = []
    await load_town(street.access, street.town, again.append)
    new = "created|stored|[1-9][0-9]* (levels )?put|registered"
    assert [line for line in again if re.search(new, line)] == []


async def _kill_and_pause(street: Street, harmed: Counter[str]) -> None:
    """Every second or so somebody dies at once and comes back, or stands still for a while."""
    chance = random.Random(827)
    while True:
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        name, dies = chance.choice(street.suite.services), chance.random() < 0.6
        async with street.hand:
            if name in street.away:
                continue
            if dies:
                street.suite.kill(name)
                street.suite.launch(name)
                await _up(street, name)
                harmed["killed"] += 1
            else:
                child = street.suite.child(name)
                child.pause()
                await asyncio.sleep(0.7)
                child.resume()
                harmed["paused"] += 1


async def _stay_away(street: Street, harmed: Counter[str], name: str) -> None:
    """Somebody is not there while a person is asked for, from before the owner is told until it is said."""
    before = await _asked_for(street)
    url = f"{street.access.addresses.phones}/ledger?since={street.position}"

    async def is_told() -> bool:
        return b'"violation-notice"' in (await street.access.client.get(url)).content

    async def is_said() -> bool:
        return await _asked_for(street) != before

    await _until(is_told)
    async with street.hand:
        street.away.add(name)
        street.suite.kill(name)
    await _until(is_said)
    async with street.hand:
        street.suite.launch(name)
        await _up(street, name)
        street.away.discard(name)
    harmed["away"] += 1


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await holds():
            return
        await asyncio.sleep(0.1)


async def _asked_for(street: Street) -> set[bytes]:
    """The violations' steps that ask for a person, each once however often it was said."""
    said = await anyio.to_thread.run_sync(street.bus.records, "linli.parking")
    return {record.headers["ce_id"] for record in said if b'"ask-person"' in (record.value or b"")}


async def _up(street: Street, name: str) -> None:
    while True:
        try:
            if (await street.access.client.get(f"{street.suite.url(name)}/health/ready")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)


async def _say_again(street: Street) -> None:
    """All that has been said is said again, backwards, now here and now in another partition."""
    while True:
        for topic in TOPICS:
            said = await anyio.to_thread.run_sync(street.bus.records, topic)
            # Each fact once a round: with the repeats repeated, every round would be twice the one before.
            facts = {record.headers["ce_id"]: record for record in said}
            for number, record in enumerate(reversed(facts.values())):
                again = partial(street.bus.repeat, topic, record, partition=(record.partition + number) % 3)
                await anyio.to_thread.run_sync(again)
        await asyncio.sleep(1)
