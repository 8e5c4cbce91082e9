"""`GET /events` of a real service: who sees what, from where, and how a stream ends."""

import asyncio
import importlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

import services
from services.issues.app import SERVICE
from shared.contracts import Assignee
from shared.contracts.catalogue import published
from shared.contracts.fact import Fact
from shared.http import events
from shared.http.sight import Sight, nobody, visible_to
from shared.messaging import live
from shared.runtime.running import Activity, running
from shared.security import tokens
from shared.security.roles import Role
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
NAMES = sorted(page.parent.name for page in Path(services.__path__[0]).glob("*/app.py"))
HERE = (Activity.api, Activity.relay)


class Stream:
    """What a client reads of one stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self._lines = response.aiter_lines()

    async def block(self) -> dict[str, str]:
        """The next block of lines; comments are under an empty name."""
        found: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line:
                    break
                name, _, value = line.partition(": ")
                found[name] = value
        self.last_id = found.get("id", self.last_id)
        return found

    async def end(self) -> None:
        """Read on to the end, which comes in order; a stream that is cut off raises."""
        async with asyncio.timeout(10):
            while await self.block():
                pass

    async def event(self) -> Any:
        """The next event's data, past those of the register, which found a community."""
        while "data" not in (block := await self.block()) or "role-granted" in block["event"]:
            assert block, "the stream has ended"
        return json.loads(block["data"])


@asynccontextmanager
async def listening(
    town: Town, person: str, *roles: str, last: str | None = None, lifetime: float = 7200
) -> AsyncIterator[Stream]:
    token = town.issuer.token(person, {town.id: roles}, lifetime=lifetime)
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})
    async with town.client.stream("GET", "/events", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert "id" in await stream.block()
        yield stream


async def test_each_sees_what_the_table_shows_them(
    service_settings: MakeSettings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.3)
    settings = service_settings("issues")
    async with httpx.AsyncClient() as client, AsyncExitStack() as streams:
        async with running(SERVICE, settings, HERE) as service:
            client.base_url = httpx.URL(service.url)
            town, other = Town(service, client, issuer), Town(service, client, issuer)
            for each in (town, other):
                await each.found()
                await each.category("fire-lane")

            async def opened(*who: str, at: Town = town, **how: Any) -> Stream:
                return await streams.enter_async_context(listening(at, *who, **how))

            room, street = await opened("olive", "operator"), await opened("st", "street")
            reporter, neighbour = await opened("rita", "resident"), await opened("rob", "resident")
            elsewhere = await opened("olive", "operator", at=other)
            brief = await opened("olive", "operator", lifetime=600)
            case = await town.report("rita")
            seen = [await stream.event() for stream in (room, street, reporter)]
            assert seen[0] == seen[1] == seen[2]
            assert (seen[0]["type"], seen[0]["subject"]) == ("linli.issues.issue-reported.v1", str(case))
            assert (seen[0]["specversion"], seen[0]["community"]) == ("1.0", str(town.id))
            assert seen[0]["data"]["reporter"] == "rita"
            assert (await room.event())["type"] == "linli.issues.issue-assigned.v1"
            theirs = await other.report("rita")
            assert (await elsewhere.event())["subject"] == str(theirs)
            assert (await neighbour.block()).keys() == {"", "id"}  # nothing but the heartbeat
            with monkeypatch.context() as later:
                later.setattr(tokens, "time", SimpleNamespace(time=lambda: time.time() + 3600))
                await brief.end()
            last = neighbour.last_id
            await town.report("rob")
            assert (await neighbour.event())["data"]["reporter"] == "rob"
        # The service has stopped, and nobody was cut off in the middle.
        await room.end()
        await elsewhere.end()
    async with running(SERVICE, settings, HERE) as again, httpx.AsyncClient(base_url=again.url) as client:
        town.client = client
        async with listening(town, "rob", "resident", last=last) as resumed:
            assert (await resumed.event())["data"]["reporter"] == "rob"
        async with listening(town, "rob", "resident", last="a stranger's") as anew:
            assert await anew.event() == {"reason": "expired"}


async def test_without_a_broker_a_stream_does_not_begin(
    service_settings: MakeSettings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_OPEN_SECONDS", 0.2)
    settings = service_settings("issues", kafka_bootstrap_servers="127.0.0.1:1")
    headers = issuer.headers("rita", {uuid4(): ["resident"]})
    async with running(SERVICE, settings, [Activity.api]) as service, httpx.AsyncClient() as client:
        assert (await client.get(f"{service.url}/events", headers=headers)).status_code == 503


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_visible_to_somebody_or_to_nobody_with_a_reason(name: str) -> None:
    table = importlib.import_module(f"services.{name}.api.events").WATCH
    mine = {fact for fact in published().values() if fact.producer == name}
    missing = {fact.__name__ for fact in mine - table.keys()}
    assert not missing, f"services/{name}/api/events.py says nothing of {missing}"
    assert table.keys() == mine
    # What a role may not see is left out: only what a reader can do without. Who merely follows may see
    # nobody's name, also where the contract, which is for the bus, always has one.
    left_out = {(fact, name) for fact, sight in table.items() if sight.partly for name in sight.hidden}
    assert not [name for fact, name in left_out if fact.model_fields[name].is_required()]


def test_a_line_of_the_table_admits_roles_and_persons() -> None:
    fact: Any = Fact
    people: Sight = visible_to(concerned=lambda _: ("rita", None, Assignee(role="guard")))
    room = visible_to(Role.operator, concerned=lambda _: (Assignee(person="ann"), Assignee(volunteers=True)))

    def admitted(sight: Sight, person: str, *roles: Role) -> bool:
        return sight.admits(person, frozenset(roles), fact)

    assert admitted(people, "rita", Role.resident)
    assert admitted(people, "greg", Role.guard)
    assert not admitted(people, "olive", Role.operator, Role.street)
    assert admitted(room, "olive", Role.operator)
    assert admitted(room, "st", Role.street)
    assert admitted(room, "ann", Role.handler)
    assert admitted(room, "vic", Role.volunteer)
    assert not admitted(room, "rita", Role.resident)
    assert not admitted(nobody("why"), "olive", *Role)
    assert (nobody("why").described(), people.described()) == ("nobody: why", "the persons concerned")
    with pytest.raises(TypeError):
        visible_to()
