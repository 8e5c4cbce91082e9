"""Cases: who sees them, lists and filters, assigning and resolving."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.issues.town import Town

pytestmark = pytest.mark.anyio
RESOLVED = {"outcome": "the van was moved"}


async def listed(town: Town, query: str = "", **how: Any) -> set[UUID]:
    page = await town.get(f"/cases?limit=100&{query}", **how)
    assert page["next"] is None
    return {UUID(case["id"]) for case in page["items"]}


async def test_each_sees_what_concerns_them(town: Town) -> None:
    await town.rule("guards", {"role": "guard", "level": "community"})
    mine, other = await town.report("rita"), await town.report("bob")
    assert await listed(town, person="rita", roles=("resident",)) == {mine}
    assert await listed(town, person="gu", roles=("guard",)) == {mine, other}
    assert await listed(town, person="ha", roles=("handler",)) == set()
    assert await listed(town, person="st", roles=("street",)) == {mine, other}
    assert (await town.ask("GET", f"/cases/{other}", person="rita", roles=("resident",))).status_code == 404
    assert (await town.ask("GET", f"/cases/{other}", person="gu", roles=("guard",))).status_code == 200
    assert (await town.ask("GET", f"/cases/{uuid4()}")).status_code == 404


async def test_filters(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    await town.category("leak", name_en="Leak")
    inside = await town.report(place=str(building), position={"latitude": 30.0, "longitude": 122.0})
    leak = await town.report(category="leak", position={"latitude": 31.0, "longitude": 122.0})
    assigned = await town.report()
    assignee = {"assignee": {"person": "ann"}}
    assert (await town.ask("POST", f"/cases/{assigned}/assign", body=assignee)).status_code == 200
    everything = {inside, leak, assigned}
    assert await listed(town, f"place={compound}") == {inside}
    assert await listed(town, f"place={town.id}") == everything
    assert await listed(town, "category=leak") == {leak}
    assert await listed(town, "state=assigned") == everything
    assert await listed(town, "state=closed") == set()
    assert await listed(town, "role=operator") == {inside, leak}
    assert await listed(town, "person=ann") == {assigned}
    assert await listed(town, "bbox=121.5,29.5,122.5,30.5") == {inside}
    assert await listed(town, "bbox=121.999,29.999,122,30") == {inside}
    assert await listed(town, "bbox=121.999,29.999,122.011,30.011&category=leak") == set()
    hers = await listed(town, "bbox=121.9,29.9,122.1,30.1", person="rita", roles=("resident",))
    assert hers == {inside}
    at = (await town.get(f"/cases/{leak}"))["reported_at"].replace("+", "%2B")
    assert await listed(town, f"since={at}") == {leak, assigned}
    assert await listed(town, f"until={at}") == {inside}


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=5,0,4,1",
        "bbox=a,b,c,d",
        "bbox=nan,0,1,1",
        "state=lost",
        "since=yesterday",
        "limit=0",
    ],
)
async def test_filters_that_make_no_sense(town: Town, query: str) -> None:
    answer = await town.ask("GET", f"/cases?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["place"] == "query"


async def test_the_list_is_newest_first_in_pages(town: Town) -> None:
    made = [str(await town.report()) for _ in range(5)]
    seen, path = [], "/cases?limit=2"
    page = await town.get(path)
    while page["next"]:
        seen += [case["id"] for case in page["items"]]
        page = await town.get(f"{path}&cursor={page['next']}")
    seen += [case["id"] for case in page["items"]]
    assert seen == made[::-1]


async def test_a_case_is_found_by_the_number_of_which_messages_speak(town: Town) -> None:
    case, _ = await town.report(), await town.report()
    number = (await town.get(f"/cases/{case}"))["number"]
    assert number == str(case)[-6:].upper()
    for query, found in ((number, [number]), (f"{number.lower()}&state=closed", []), ("000000", [])):
        page = await town.get(f"/cases?number={query}")
        assert [each["number"] for each in page["items"]] == found
    assert (await town.ask("GET", "/cases?number=12345g")).status_code == 422


async def test_assigning_and_resolving_make_history(town: Town) -> None:
    case = await town.report()
    path = f"/cases/{case}"
    compound = await town.place("compound", town.id, "HY")
    to_handlers = {"assignee": {"role": "handler", "place": str(compound)}, "note": "yours"}
    assert (await town.ask("POST", f"{path}/assign", body=to_handlers, if_match=9)).status_code == 412
    assigned = await town.ask("POST", f"{path}/assign", body=to_handlers, if_match=2, key="a1")
    assert (assigned.status_code, assigned.headers["ETag"]) == (200, '"3"')
    again = await town.ask("POST", f"{path}/assign", body=to_handlers, if_match=2, key="a1")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (assigned.content, "true")
    refused = await town.ask("POST", f"{path}/resolve", person="rita", roles=("resident",), body=RESOLVED)
    assert refused.status_code == 403
    done = await town.ask("POST", f"{path}/resolve", person="ha", roles=("handler",), body=RESOLVED)
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    twice = await town.ask("POST", f"{path}/resolve", person="ha", roles=("handler",), body=RESOLVED)
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:linli:problem:wrong-state")
    assert (await town.ask("POST", f"{path}/assign", body=to_handlers)).status_code == 409
    found = await town.get(path)
    assert found["outcome"] == "the van was moved"
    assert [
        (entry["version"], entry["change"], entry["actor"], entry["note"]) for entry in found["history"]
    ] == [
        (1, "reported", "rita", None),
        (2, "assigned", "dispatch", None),
        (3, "assigned", "olive", "yours"),
        (4, "resolved", "ha", "the van was moved"),
    ]


@pytest.mark.parametrize(
    "assignee",
    [
        {},
        {"person": "ann", "volunteers": True},
        {"role": "guard"},
        {"role": "emperor", "place": "{town}"},
        {"role": "guard", "place": str(uuid4())},
        {"volunteers": True},
    ],
)
async def test_assignees_that_make_no_sense(town: Town, assignee: dict[str, Any]) -> None:
    case = await town.report()
    filled = {name: str(town.id) if value == "{town}" else value for name, value in assignee.items()}
    answer = await town.ask("POST", f"/cases/{case}/assign", body={"assignee": filled})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:linli:problem:wrong-assignee")
    assert (await town.get(f"/cases/{case}"))["version"] == 2


@pytest.mark.parametrize("table", ["case_entries", "case_ratings"])
async def test_history_cannot_be_rewritten(town: Town, table: str) -> None:
    await town.report()
    works = town.running.context.works
    for statement in (
        f"UPDATE {table} SET community_id = community_id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await town.system.execute(statement)
        with pytest.raises(Exception, match="permission denied"):
            async with works.for_request("olive", town.id) as work:
                await work.connection.execute(statement)


BEGINNING = "category", "place_id", "description", "reported_at", "filed_by", "dispatched"


@pytest.mark.parametrize(
    "statement", ["DELETE FROM cases", *(f"UPDATE cases SET {column} = {column}" for column in BEGINNING)]
)
async def test_nobody_changes_how_a_case_began(town: Town, statement: str) -> None:
    await town.report()
    with pytest.raises(Exception, match="permission denied"):
        await town.system.execute(statement)
    with pytest.raises(Exception, match="permission denied"):
        async with town.running.context.works.for_request("olive", town.id) as work:
            await work.connection.execute(statement)
