"""Two communities never see each other: generated over all routes, and over all tables."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notify.app import ROUTERS
from shared.http.routing import GuardedRoute
from shared.security.policy import Access
from shared.security.roles import Role
from tests.notify.served import CANARY, Api

pytestmark = pytest.mark.anyio

EXEMPT = {
    "alembic_version", "outbox", "inbox", "dead_letters", "parked_events",
    "rulebook_revision",  # one row that tells when copies of the rulebook are stale
}  # fmt: skip
EVERYTHING = [role.value for role in Role if role is not Role.platform]
OWN = "ours-alone"


def routes() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, GuardedRoute)
            # Receipts name no community: their tokens lead to the message, whose community it then is.
            if route.policy.access is not Access.signed:
                yield from ((verb, route.path) for verb in sorted(route.verbs))


ALL = list(routes())

BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/contacts/{person}"): {"language": "en"},
    ("POST", "/contacts/find"): {"phone": CANARY},
}


async def furnish(api: Api) -> dict[str, str]:
    """One of everything, in the client's own community."""
    operator = api.of("op", "operator")
    await api.http.put("/contacts/theirs", json={"phone": CANARY}, headers=operator)
    message = await api.plan("theirs")
    for kind, part in (("rules", "rule"), ("templates", "template"), ("vocabularies", "words")):
        name = "role" if kind == "vocabularies" else "case-resolved"
        body = (await api.http.get(f"/{kind}/{name}", headers=operator)).json()[part]
        made = await api.http.put(f"/{kind}/{OWN}", json=body, headers=operator)
        assert made.status_code == 200, made.text
    return {"person": "theirs", "name": OWN, "message_id": message["id"]}


@pytest.mark.parametrize(("verb", "path"), ALL, ids=[f"{verb} {path}" for verb, path in ALL])
async def test_every_route_keeps_to_one_community(api: Api, verb: str, path: str) -> None:
    things = await furnish(api)
    theirs, ours = api.community, uuid4()
    address = re.sub(r"\{(\w+)\}", lambda found: things[found[1]], path)

    async def ask(**more: str) -> Any:
        headers = api.of("stranger", *EVERYTHING, community=ours) | more
        if path == "/contacts/import":
            headers["Content-Type"] = "text/csv"
            return await api.http.post(address, content="person,push_token\np,d\n", headers=headers)
        if verb == "DELETE":
            headers["If-Match"] = '"1"'
        body = BODIES.get((verb, path), {} if verb in {"POST", "PUT"} else None)
        return await api.http.request(verb, address, json=body, headers=headers)

    stranger = await ask(**{"Linli-Community": str(theirs)})
    assert (stranger.status_code, stranger.json()["detail"]) == (404, "no such community")
    within = await ask()
    if "{" in path and verb in {"GET", "DELETE"}:
        assert within.status_code == 404, within.text
    # A person may belong to two communities; what one of them knows of them stays there.
    assert "*******5678" not in within.text
    assert not any(value in within.text for value in (OWN, things["message_id"]) if value not in address)
    shown = await api.http.get("/contacts/theirs", headers=api.of("op", "operator"))
    assert (shown.json()["language"], shown.json()["version"]) == ("zh", 1)


async def test_every_table_of_tenants_is_walled_off(api: Api) -> None:
    await furnish(api)
    rows = await api.works.database.system.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS walled
        FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        """
    )
    tables = {row["relname"]: row["walled"] for row in rows}
    assert tables.keys() > EXEMPT
    assert all(tables[name] for name in tables.keys() - EXEMPT)
    async with api.works.for_request("stranger", uuid4()) as work:
        for name in sorted(tables.keys() - EXEMPT):
            seen: list[UUID | None] = [
                row[0] for row in await work.connection.fetch(f"SELECT community_id FROM {name}")
            ]
            # Defaults belong to nobody, and everybody reads them.
            assert set(seen) <= ({None} if name == "rulebook" else set()), name
