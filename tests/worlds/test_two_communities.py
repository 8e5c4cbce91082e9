"""Two communities never see each other: every call that succeeded in one is made again from the other.

By the same persons with every single role, so that nothing but the community stands between. What the worlds
beside this file never call, or give no reason for, fails.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace

import httpx
import pytest

from shared.http.application import guarded_routes
from shared.identifiers import new_id
from shared.security.policy import Access
from shared.security.roles import Role
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.worlds.recording import ID, Call, World
from tests.worlds.serving import SERVICES, two_worlds

pytestmark = pytest.mark.anyio
ROLES = [role.value for role in Role if role is not Role.platform]

UNCALLED: Mapping[str, str] = {
    "GET /events": "a stream; tests/http/test_events.py",
}
"""Routes that are not called again, each with its reason; public and signed ones have theirs already."""

UNOWNED = {
    "alembic_version": "the schema's",
    "outbox": "on its way to the bus; requests may only insert",
    "inbox": "what was taken in, by event",
    "dead_letters": "what could not be taken in has no community that is sure",
    "parked_events": "what waits behind those",
    "rulebook_revision": "one row that tells when copies of the rulebook are stale",
}
SHARED_ROWS = {"rulebook": "defaults belong to nobody, and everybody reads them"}


@pytest.mark.parametrize("name", SERVICES)
async def test_two_communities_never_see_each_other(name: str, databases: Databases, issuer: Issuer) -> None:
    async with two_worlds(name, databases, issuer) as (theirs, ours):
        calls = theirs.recorded()
        assert not (missing := sorted(_uncalled(theirs, calls))), (
            f"tests/worlds/{name}.py never calls {missing}"
        )
        before = await _rows(theirs)
        found = [fault async for fault in _faults(calls, theirs, ours)]
        assert not found, "\n".join(found)
        assert await _rows(theirs) == before, "a call from another community changed something"
        await _assert_walled(theirs, ours)


def _uncalled(world: World, calls: Mapping[str, Call]) -> Iterator[str]:
    """Routes that no furnishing call reached."""
    for route in guarded_routes(world.service.app):
        if route.policy.access in {Access.public, Access.signed}:
            continue
        yield from ({f"{verb} {route.path}" for verb in route.verbs} - calls.keys() - UNCALLED.keys())


async def _faults(calls: Mapping[str, Call], theirs: World, ours: World) -> AsyncIterator[str]:
    for call in calls.values():
        named = {"Linli-Community": str(theirs.community)}
        answer = await _again(call, ours, ROLES, named)
        expected = 403 if call.route.policy.access is Access.platform else 404
        if answer.status_code != expected:
            yield f"{call.name} as a stranger: {answer.status_code} {answer.text[:200]}"
        for role in ROLES:
            answer = await _again(call, ours, [role], {})
            if await _is_fault(call, theirs, ours, role, answer):
                yield f"{call.name} as {role}: {answer.status_code} {answer.text[:200]}"


async def _is_fault(call: Call, theirs: World, ours: World, role: str, answer: httpx.Response) -> bool:
    said = set(ID.findall(call.said))
    if answer.status_code >= 500 or (set(ID.findall(answer.text)) & theirs.ids) - said:
        return True
    if answer.is_success:
        # A list that is filtered by their thing is empty; nothing else succeeds that names a thing of theirs.
        return call.addressed or (call.method != "GET" and bool(said & theirs.ids))
    if not call.addressed or answer.status_code in {403, 404}:
        return False
    # Any other refusal must be the one for an id that nobody has.
    nobody_s = replace(call, address=ID.sub(lambda _: str(new_id()), call.address))
    other = await _again(nobody_s, ours, [role], {})
    return (answer.status_code, answer.json()["type"]) != (other.status_code, other.json()["type"])


async def _again(call: Call, ours: World, roles: list[str], headers: Mapping[str, str]) -> httpx.Response:
    token = ours.issuer.headers(call.person, {ours.community: roles})
    return await ours.client.request(
        call.method, call.address, content=call.content, headers={**token, **call.headers, **headers}
    )


async def _rows(world: World) -> dict[str, tuple[int, str]]:
    """How many rows the community has in each table, and a sum of all that is in them."""
    found = {}
    for table in await _tenant_tables(world):
        (row,) = await world.service.context.database.system.fetch(
            f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t "
            "WHERE community_id = $1",
            world.community,
        )
        found[table] = (row[0], row[1])
    return found


async def _tenant_tables(world: World) -> list[str]:
    """All tables that are not known to belong to nobody; each has a community and a wall."""
    rows = await world.service.context.database.system.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS walled,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'community_id') AS owned,
               (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies
        FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        """
    )
    tables = {row["relname"]: row for row in rows if row["relname"] not in UNOWNED}
    for name, row in tables.items():
        assert (row["owned"], row["walled"]) == (True, True), f"{name} has no wall: {row}"
        assert row["policies"] == (3 if name in SHARED_ROWS else 2), name
    return sorted(tables)


async def _assert_walled(theirs: World, ours: World) -> None:
    """The wall of the database holds without the SQL that names the community."""
    for table in await _tenant_tables(theirs):
        async with ours.service.context.works.for_request("eve", ours.community) as work:
            seen = await work.connection.fetch(f"SELECT DISTINCT community_id FROM {table}")
        allowed = {ours.community} | ({None} if table in SHARED_ROWS else set())
        assert {row[0] for row in seen} <= allowed, table
