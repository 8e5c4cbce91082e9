"""Two communities never see each other, by the API and by the wall behind it."""

import pytest

from tests.volunteer.conftest import THERE, Volunteering

pytestmark = pytest.mark.anyio

EXEMPT = {"outbox", "inbox", "dead_letters", "parked_events", "idempotency_keys", "alembic_version"}
TENANTS = """
SELECT relname, relrowsecurity AND relforcerowsecurity AS walled,
       (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""


async def test_every_table_of_tenants_is_walled_off(quiet: Volunteering) -> None:
    async with quiet.works.for_system("test") as work:
        rows = await work.connection.fetch(TENANTS)
    tables = {row["relname"]: row for row in rows if row["relname"] not in EXEMPT}
    assert {"tasks", "claims", "beneficiaries", "looks", "hours", "waiting", "task_places"} <= tables.keys()
    for name, row in tables.items():
        assert row["walled"], name
        assert row["policies"] == 2, name


async def test_nothing_of_another_community_can_be_reached(quiet: Volunteering) -> None:
    elder, task = await quiet.elder(), await quiet.asked()
    here, there = await quiet.active("rider-1"), await quiet.active("rider-1", community=THERE)
    await quiet.claim("rider-1", here, task)
    for verb, path, body in (
        ("GET", f"/tasks/{task}", None),
        ("GET", f"/tasks/{task}/code", None),
        ("GET", f"/tasks/{task}/beneficiary", None),
        ("POST", f"/tasks/{task}/claim", {"volunteer": there}),
        ("POST", f"/tasks/{task}/claim", {"volunteer": here}),
        ("POST", f"/tasks/{task}/release", None),
        ("POST", f"/tasks/{task}/check-in", {}),
        ("POST", f"/tasks/{task}/confirm", {}),
        ("POST", f"/tasks/{task}/cancel", None),
        ("POST", "/tasks", {"kind": "carry-home", "beneficiary": elder}),
        ("GET", f"/beneficiaries/{elder}", None),
        ("GET", f"/beneficiaries/{elder}/looks", None),
        ("GET", f"/volunteers/{here}/hours", None),
    ):
        answer = await quiet.ask("rider-1", "operator", verb, path, body, community=THERE)
        assert answer.status_code == 404, (verb, path, answer.text)
    async with quiet.client("rider-1", "operator", community=THERE) as client:
        assert (await client.get("/tasks")).json()["items"] == []
        assert (await client.get("/claims")).json()["items"] == []
    async with quiet.works.for_request("eve", THERE) as work:
        for table in ("tasks", "claims", "beneficiaries", "task_places", "task_kinds", "looks"):
            assert await work.connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
