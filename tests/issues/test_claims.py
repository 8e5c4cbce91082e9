"""Anonymous reporters: with their claim code they do what any reporter does, and nobody else can."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.issues.domain.claim_code import claim_code
from services.issues.usecases.open_claim import Claims
from shared.security.roles import Role
from tests.issues.conftest import CLAIM_KEYS
from tests.issues.test_photos import photo
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
ANONYMOUS = {"category": "fire-lane", "description": "a van in the fire lane", "anonymous": True}


async def reported(town: Town, **how: Any) -> tuple[UUID, str]:
    """Report anonymously; give the case and its claim code."""
    how = {"person": "secret-sue", "roles": ("resident",), "body": ANONYMOUS} | how
    answer = await town.ask("POST", "/reports", **how)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"]), answer.json()["claim_code"]


async def claim(town: Town, method: str, path: str, code: str, **how: Any) -> httpx.Response:
    headers = {"Linli-Claim-Code": code} | how.pop("headers", {})
    return await town.client.request(method, f"/claims{path}", headers=headers, **how)


async def test_the_code_is_given_once_and_kept_nowhere(town: Town) -> None:
    case, code = await reported(town, key="k")
    assert (await reported(town, key="k")) == (case, code), "a repeat gets the first answer"
    assert code == claim_code(case, CLAIM_KEYS.split(",")[0].encode())
    for table in ("cases", "case_entries", "idempotency_keys", "outbox"):
        rows = await town.system.fetch(f"SELECT {table}::text AS row FROM {table}")
        assert not any(code in row["row"] or code[:5] in row["row"] for row in rows), table
    named = await town.ask("POST", "/reports", roles=("resident",), body=ANONYMOUS | {"anonymous": False})
    assert "claim_code" not in named.json()
    intake = await town.ask("POST", "/reports", roles=("intake",), body=ANONYMOUS | {"anonymous": False})
    assert intake.json()["claim_code"], "an intake system tells it whoever called"
    assert Claims(()).code(case) is None


async def test_with_the_code_one_sees_shows_withdraws_and_rates(town: Town) -> None:
    case, code = await reported(town)
    seen = await claim(town, "GET", "", code, headers={"Accept-Language": "en"})
    assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "no-store")
    told = seen.json()
    assert (told["id"], told["state"], told["description"]) == (
        str(case),
        "assigned",
        ANONYMOUS["description"],
    )
    assert told["said"] == "Given to a handler, who has not begun yet"
    assert [each["said"] for each in told["history"]] == ["You reported it", "It was given to a handler"]
    assert not any(word in seen.text for word in ("actor", "assignee", "olive", "sue"))
    image: dict[str, Any] = {"content": photo(9), "headers": {"Content-Type": "image/png"}}
    added = await claim(town, "POST", "/photos", code, **image)
    assert (added.status_code, added.json()["added_by"]) == (201, None), added.text
    shown = await claim(town, "GET", f"/photos/{added.json()['id']}", code)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")

    await town.ask("POST", f"/cases/{case}/photos?kind=after", **image)
    shown_both = await claim(town, "GET", "", code)
    assert [each["kind"] for each in shown_both.json()["photos"]] == ["before", "after"]
    assert "olive" not in shown_both.text
    for fixed, state in ((False, "assigned"), (True, "checked")):
        await town.ask("POST", f"/cases/{case}/resolve", body={"outcome": "towed"})
        checked = await claim(town, "POST", "/check", code, json={"fixed": fixed})
        assert (checked.status_code, checked.json()["state"]) == (200, state), checked.text
    closed = await town.ask("POST", f"/cases/{case}/close", body={})
    assert closed.status_code == 200, closed.text
    rated = await claim(town, "POST", "/rate", code, json={"stars": 2})
    assert rated.status_code == 200, rated.text
    again = await claim(town, "POST", "/reopen", code, json={"note": "it is back"})
    assert (again.status_code, again.json()["state"]) == (200, "assigned"), again.text
    gone = await claim(town, "POST", "/withdraw", code, json={})
    assert (gone.json()["state"], gone.json()["said"]) == ("withdrawn", "您已撤回")
    late = await claim(town, "POST", "/withdraw", code, json={})
    assert (late.status_code, late.json()["type"]) == (409, "urn:linli:problem:wrong-state")


async def test_no_other_code_opens_anything(town: Town) -> None:
    case, code = await reported(town)
    _, other = await reported(town)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    secret = b"a key of somebody else"
    for each in (wrong, claim_code(case, secret), "", "x", code + "0", "中" * 10):
        headers = [(b"linli-claim-code", each.encode())]
        answer = await town.client.get("/claims", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (404, "no case has this code"), each
    assert (await town.client.get("/claims")).status_code == 422
    old = claim_code(case, CLAIM_KEYS.split(",")[1].encode())
    assert (await claim(town, "GET", "", old.lower().replace("-", " "))).json()["id"] == str(case)
    assert (await claim(town, "GET", "", other)).json()["id"] != str(case)
    named = await town.report()
    assert (
        await claim(town, "GET", "", claim_code(named, CLAIM_KEYS.split(",")[0].encode()))
    ).status_code == 404


async def test_a_case_is_put_to_an_account_once(town: Town) -> None:
    case, code = await reported(town)

    async def link(person: str) -> httpx.Response:
        headers = {"Linli-Claim-Code": code}
        return await town.ask(
            "POST", "/claims/link", person=person, roles=("rider",), headers=headers, body={}
        )

    elsewhere = town.issuer.headers("sue", {UUID(int=7): [Role.rider.value]}) | {"Linli-Claim-Code": code}
    assert (await town.client.post("/claims/link", headers=elsewhere)).status_code == 404
    linked = await link("sue")
    assert (linked.status_code, linked.json()["reporter"]) == (200, "sue"), linked.text
    assert (await link("sue")).json() == linked.json(), "a repeat finds it done"
    assert (await link("eve")).status_code == 404
    assert (await claim(town, "GET", "", code)).status_code == 404
    mine = await town.get("/reports/mine", person="sue", roles=("rider",))
    assert [each["id"] for each in mine["items"]] == [str(case)]
    history = (await town.get(f"/cases/{case}", person="sue", roles=("rider",)))["history"]
    assert (history[-1]["change"], history[-1]["actor"]) == ("linked", "sue")
