"""What one reported or follows, in plain words; and reports that were written offline."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.issues.api.own_reports import _told
from services.issues.domain.case import State
from services.issues.domain.following import MOST_FOLLOWERS
from services.issues.domain.plain_words import Language
from services.issues.store.followers import followers_of
from services.issues.store.own_reports import OwnReport
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
RITA: dict[str, Any] = {"person": "rita", "roles": ("resident",)}


async def test_ones_own_list_is_told_in_plain_words_a_page_at_a_time(town: Town) -> None:
    cases = [str(await town.report()) for _ in range(3)]
    await town.report(person="bob")
    await town.system.execute(
        "UPDATE cases SET due_at = reported_at - interval '1 hour' WHERE id = $1", UUID(cases[1])
    )
    english = {"headers": {"Accept-Language": "en"}}
    page = await town.get("/reports/mine?limit=2", **RITA, **english)
    rest = await town.get(f"/reports/mine?limit=2&cursor={page['next']}", **RITA, **english)
    found = [*page["items"], *rest["items"]]
    assert ([each["id"] for each in found], rest["next"]) == (cases[::-1], None)
    assert [each["late"] for each in found] == [False, True, False]
    assert found[1]["said"] == "Given to a handler, who has not begun yet; it is past its deadline"
    assert (found[0]["category_name"], found[0]["state"]) == ("Blocked fire lane", "assigned")
    chinese = await town.get("/reports/mine", **RITA)
    assert chinese["items"][1]["said"] == "已派给处理人,等待处理,已超过办理期限"


def test_a_report_is_late_behind_its_deadline_and_not_at_it() -> None:
    due = datetime.now(UTC)
    report = OwnReport(uuid4(), "lift", None, None, State.assigned, due, due, None, None, 2)
    assert not _told(Language.en, due)(report).late
    assert _told(Language.en, due + timedelta(microseconds=1))(report).late


async def test_one_follows_what_everybody_sees_and_no_more_than_facts_can_name(town: Town) -> None:
    case = await town.report()
    bob: dict[str, Any] = {"person": "bob", "roles": ("resident",)}
    for _ in range(2):
        assert (await town.ask("POST", f"/cases/{case}/follow", **bob)).json()["following"] is True
    followed = await town.get("/reports/mine?followed=true", **bob)
    assert [each["id"] for each in followed["items"]] == [str(case)]
    gone = await town.report()
    await town.ask("POST", f"/cases/{gone}/follow", person="fay", roles=("operator",))
    await town.ask("POST", f"/cases/{gone}/withdraw", person="rita", roles=("resident",), body={})
    for person, query, said in (("fay", "?followed=true", "反映人已撤回"), ("rita", "", "您已撤回")):
        items = (await town.get(f"/reports/mine{query}", person=person, roles=("resident",)))["items"]
        assert [each["said"] for each in items if each["id"] == str(gone)] == [said]
    assert (await town.ask("GET", f"/cases/{case}", **bob)).status_code == 404, "to hear is not to read"
    async with town.running.context.works.for_request("x", town.id) as work:
        other = uuid4()
        assert await followers_of(work, [case, other]) == {case: ("bob",), other: ()}
    await town.system.executemany(
        "INSERT INTO followers (case_id, community_id, person, followed_at) VALUES ($1, $2, $3, now())",
        [(case, town.id, f"p{number}") for number in range(MOST_FOLLOWERS - 1)],
    )
    full = await town.ask("POST", f"/cases/{case}/follow", person="eve", roles=("resident",))
    assert (full.status_code, full.json()["type"]) == (409, "urn:linli:problem:too-many-followers")
    assert (await town.ask("POST", f"/cases/{case}/unfollow", **bob)).json()["following"] is False
    assert (
        await town.ask("POST", f"/cases/{case}/follow", person="eve", roles=("resident",))
    ).status_code == 200
    hidden = {"shown": False}
    assert (await town.ask("PUT", "/public-view", body=hidden)).status_code == 200
    assert (await town.ask("POST", f"/cases/{case}/follow", **bob)).status_code == 404


def item(**more: Any) -> dict[str, Any]:
    return {
        "client_id": str(uuid4()),
        "observed_at": (datetime.now(UTC) - timedelta(days=3)).isoformat(),
        "category": "fire-lane",
        "description": "a van in the fire lane",
    } | more


async def test_what_was_written_offline_is_stored_once_and_a_bad_item_hurts_only_itself(town: Town) -> None:
    # Asked here, not when the file is read: a run lasts minutes, and a minute of skew fails this test.
    now, ahead = datetime.now(UTC), timedelta(hours=5)
    good, anonymous = item(), item(anonymous=True)
    items = [
        *(good, anonymous, item(category="unheard-of"), item(place=str(uuid4())), item(description=" ")),
        *({"nonsense": 1}, item(reporter="bob"), good, good | {"description": "other words"}),
    ]
    body = {"sent_at": (now + ahead).isoformat(), "items": items}
    answer = await town.ask("POST", "/reports/batch", body=body, **RITA)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert abs(told["skew_seconds"] - ahead.total_seconds()) < 60
    outcomes = [each["outcome"] for each in told["items"]]
    assert outcomes == ["accepted", "accepted", *["refused"] * 5, "accepted", "refused"]
    assert [each["problem"]["errors"][0]["pointer"] for each in told["items"][2:6]] == [
        *("/category", "/place", "/items/4/description", "/items/5/category"),
    ]
    assert told["items"][6]["problem"]["type"] == "urn:linli:problem:forbidden"
    assert told["items"][7]["case"] == told["items"][0]["case"]
    first, secret = told["items"][:2]
    assert first["claim_code"] is None
    claimed = await town.client.get("/claims", headers={"Linli-Claim-Code": secret["claim_code"]})
    assert claimed.json()["id"] == secret["case"]
    case = await town.get(f"/cases/{first['case']}")
    corrected = datetime.fromisoformat(case["device_reported_at"])
    assert abs(corrected - (now - timedelta(days=3) - ahead)) < timedelta(minutes=1)

    again = (await town.ask("POST", "/reports/batch", body=body, **RITA)).json()["items"]
    assert [each["outcome"] for each in again] == ["known", "known", *["refused"] * 5, "known", "refused"]
    assert [(each["case"], each["claim_code"]) for each in again[:2]] == [
        (each["case"], each["claim_code"]) for each in (first, secret)
    ]
    assert await town.system.fetchval("SELECT count(*) FROM cases WHERE community_id = $1", town.id) == 2
    reported = await town.system.fetchval(
        "SELECT count(*) FROM case_history WHERE community_id = $1 AND change = 'reported'", town.id
    )
    assert reported == 2
    too_many = body | {"items": [item() for _ in range(101)]}
    assert (await town.ask("POST", "/reports/batch", body=too_many, **RITA)).status_code == 422
