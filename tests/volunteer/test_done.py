"""Done and confirmed: a relative's link, photos of a report, disputes and what staff make of them."""

from typing import Any

import httpx
import pytest

from services.volunteer.usecases.relatives_link import forget_links
from tests.volunteer.conftest import HERE, THERE, Volunteering
from tests.volunteer.test_story import carried

pytestmark = pytest.mark.anyio
PHOTO = "photo:91bb02aa"


async def reported(quiet: Volunteering, outcome: str = "done", **rules: object) -> tuple[str, str, str]:
    """A task that a rider has done, as they say, and their entry; an operator's rider claims it."""
    task, rider = await carried(quiet, **rules), await quiet.active("rider-7")
    claim = (await quiet.claim("rider-7", rider, task)).json()["id"]
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", {})
    await quiet.later(minutes=9, seconds=30)  # the tenth has begun
    body = {"outcome": outcome, "evidence": [PHOTO]}
    await quiet.made("rider-7", "rider", f"/tasks/{task}/report", body)
    return task, rider, claim


async def by_link(quiet: Volunteering, verb: str, path: str, secret: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=quiet.service.url, headers={"Linli-Link": secret}) as client:
        return await client.request(verb, path)


async def minutes_of(quiet: Volunteering, rider: str) -> list[int]:
    statement = await quiet.read("rider-7", "rider", f"/volunteers/{rider}/hours")
    lines = [entry["minutes"] for entry in reversed(statement["items"])]
    assert statement["total_minutes"] == sum(lines)
    return lines


async def decided(quiet: Volunteering, dispute: str, decision: str, *minutes: Any) -> Any:
    body = {"decision": decision, "minutes": list(minutes)}
    return await quiet.made("zhang", "steward", f"/disputes/{dispute}/decide", body)


async def test_a_relative_confirms_by_a_link_once(
    quiet: Volunteering, capsys: pytest.CaptureFixture[str]
) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    path = f"/tasks/{task}/links"
    assert (await quiet.ask("rider-7", "rider", "POST", path)).status_code == 404
    secret = (await quiet.made("daughter-1", "resident", path))["secret"]
    other = (await quiet.made("zhang", "steward", path))["secret"]
    for wrong in (secret[:-1], secret + "A", "x"):
        assert (await by_link(quiet, "GET", "/links", wrong)).json()["type"].endswith("wrong-link")
    assert (await by_link(quiet, "POST", "/links/confirm", secret)).json()["type"].endswith("no-claim")
    await quiet.claim("rider-7", rider, task)
    assert (await quiet.ask("rider-7", "steward", "POST", path)).status_code == 403  # who helps
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", {})
    report = {"outcome": "done", "evidence": ["two words"]}
    assert (await quiet.ask("rider-7", "rider", "POST", f"/tasks/{task}/report", report)).status_code == 422
    await quiet.made("rider-7", "rider", f"/tasks/{task}/report", report | {"evidence": [PHOTO]})
    seen = await by_link(quiet, "GET", "/links", secret)
    assert seen.headers["cache-control"] == "no-store"
    assert (seen.json()["state"], seen.json()["reported"], seen.json()["answer"]) == ("open", True, None)
    shown = {"kind", "state", "outcome", "starts_at", "ends_at", "ended_at", "reported", "disputed"}
    assert seen.json().keys() == shown | {"answer", "expires_at"}
    for _ in range(2):
        done = (await by_link(quiet, "POST", "/links/confirm", secret)).json()
        assert (done["state"], done["outcome"], done["answer"]) == ("completed", "done", "confirmed")
    assert (await by_link(quiet, "POST", "/links/dispute", secret)).json()["type"].endswith("link-used")
    assert (await by_link(quiet, "POST", "/links/confirm", other)).json()["type"].endswith("no-claim")
    (entry,) = (await quiet.read("zhang", "steward", f"/volunteers/{rider}/hours"))["items"]
    assert (entry["grade"], entry["made_by"]) == ("B", "relative by link")
    assert [fact["evidence"] for fact in await quiet.said("task-completed")] == [[]]  # an errand's stay here
    account = await quiet.read("elder-1", "resident", f"/tasks/{task}/reports")
    assert [report["evidence"] for report in account["reports"]] == [[PHOTO]]
    assert (await quiet.ask("li", "resident", "GET", f"/tasks/{task}/reports")).status_code == 404
    await quiet.later(hours=73)
    assert (await by_link(quiet, "GET", "/links", secret)).status_code == 200  # the window's end counts
    await quiet.later(hours=4)
    assert (await by_link(quiet, "GET", "/links", secret)).status_code == 404
    await quiet.later(days=31)
    assert await forget_links(quiet.works) == 2
    async with quiet.works.for_system("test") as work:
        kept = str(await work.connection.fetch("SELECT * FROM idempotency_keys"))
    logged = capsys.readouterr()
    assert secret not in kept + logged.out + logged.err
    assert "/links/confirm" in logged.out + logged.err


async def test_a_disputed_completion_is_decided_by_staff_it_does_not_concern(quiet: Volunteering) -> None:
    task, rider, claim = await reported(quiet)
    await quiet.made("zhang", "steward", f"/tasks/{task}/confirm", {})
    path, body = f"/tasks/{task}/dispute", {"reason": "not-done"}
    assert (await quiet.ask("li", "resident", "POST", path, body)).status_code == 404
    assert (await quiet.ask("zhao", "operator", "POST", path, body, community=THERE)).status_code == 404
    made = await quiet.made("daughter-1", "resident", path, body)
    assert (made["by"], made["decision"]) == ("family", None)
    assert (await quiet.ask("elder-1", "resident", "POST", path, body)).status_code == 409  # it is open
    (told,) = await quiet.said("task-disputed")
    assert (told["by"], told["volunteers"], told["reason"]) == ("family", ["rider-7"], "not-done")
    decide = f"/disputes/{made['id']}/decide"
    for person, role, status in (
        ("li", "resident", 403),
        ("rider-7", "steward", 403),
        ("daughter-1", "operator", 403),
    ):
        refused = await quiet.ask(person, role, "POST", decide, {"decision": "struck"})
        assert refused.status_code == status
    (listed,) = (await quiet.read("zhang", "steward", "/disputes"))["items"]
    assert listed == made
    assert (await decided(quiet, made["id"], "struck"))["decision"] == "struck"
    assert (await quiet.ask("zhang", "steward", "POST", decide, {"decision": "stands"})).status_code == 409
    assert await minutes_of(quiet, rider) == [10, -10]
    assert (await quiet.read("rider-7", "rider", "/claims"))["items"][0]["state"] == "refuted"
    # The volunteer may disagree in turn, once; what is corrected is entered anew.
    again = await quiet.made("rider-7", "rider", path, {"reason": "i-was-there"})
    assert again["by"] == "volunteer"
    wrong = {"decision": "stands", "minutes": [{"claim": claim, "minutes": 8}]}
    assert (
        await quiet.ask("zhang", "steward", "POST", f"/disputes/{again['id']}/decide", wrong)
    ).status_code == 409
    await decided(quiet, again["id"], "corrected", {"claim": claim, "minutes": 8})
    assert await minutes_of(quiet, rider) == [10, -10, 8]
    assert (await quiet.ask("rider-7", "rider", "POST", path, body)).status_code == 409
    said = [(fact["decision"], fact["by"]) for fact in await quiet.said("dispute-decided")]
    assert said == [("struck", "family"), ("corrected", "volunteer")]
    account = await quiet.read("rider-7", "rider", f"/tasks/{task}/reports")
    assert [each["decision"] for each in account["disputes"]] == ["struck", "corrected"]
    await quiet.later(hours=73)
    late = await quiet.ask("elder-1", "resident", "POST", path, body)
    assert late.json()["type"].endswith("wrong-dispute")
    sequences = [fact["sequence"] for fact in await quiet.said("task-") + await quiet.said("dispute-")]
    assert len(set(sequences)) == len(sequences)


async def test_hours_wait_for_the_decision(quiet: Volunteering) -> None:
    task, rider, _ = await reported(quiet)
    secret = (await quiet.made("elder-1", "resident", f"/tasks/{task}/links"))["secret"]
    said = (await by_link(quiet, "POST", "/links/dispute", secret)).json()
    assert (said["state"], said["disputed"], said["answer"]) == ("open", True, "disputed")
    code = (await quiet.read("elder-1", "resident", f"/tasks/{task}/code"))["code"]
    for person, role, body in (("elder-1", "resident", {"code": code}), ("zhang", "steward", {})):
        refused = await quiet.ask(person, role, "POST", f"/tasks/{task}/confirm", body)
        assert refused.json()["type"].endswith(":disputed")
    (told,) = await quiet.said("task-disputed")
    assert told["by"] == "family"
    await decided(quiet, told["dispute"], "stands")
    assert (await quiet.read("zhang", "steward", f"/tasks/{task}"))["outcome"] == "done"
    assert await minutes_of(quiet, rider) == [10]


async def test_what_is_struck_of_an_open_task_is_asked_for_again(quiet: Volunteering) -> None:
    task, rider, _ = await reported(quiet)
    made = await quiet.made("elder-1", "resident", f"/tasks/{task}/dispute", {"reason": "not-done"})
    assert made["by"] == "helped"
    await decided(quiet, made["id"], "struck")
    shown = await quiet.read("zhang", "steward", f"/tasks/{task}")
    assert (shown["state"], shown["free"]) == ("open", 1)
    assert [fact["reopened"] for fact in await quiet.said("task-opened")] == [False, True]
    assert await minutes_of(quiet, rider) == []
    async with quiet.client("rider-8", "rider", community=HERE) as client:
        assert (await client.get(f"/tasks/{task}/reports")).status_code == 404
