"""Messages over HTTP: who sees them, their story, and the providers' receipts."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify.domain.intents import token_of
from shared.security.signatures import sign
from tests.fixtures.outbox import WAITING, facts_in
from tests.notify.served import CANARY, Api
from tests.notify.stage import MORNING, RECEIPT_SECRET

pytestmark = pytest.mark.anyio


async def test_a_message_tells_its_story_to_operators_and_to_its_person_only(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    case = uuid4()
    message = await api.plan("p-1", case)
    about = await api.http.get("/messages", params={"about": str(case)}, headers=operator)
    assert [each["id"] for each in about.json()["items"]] == [message["id"]]
    trace = await api.http.get(f"/messages/{message['id']}/trace", headers=operator)
    story = trace.json()
    assert story["trace_id"] == "ab" * 16
    assert (story["rule"], story["event"]["type"]) == (
        {"name": "case-assigned", "version": 1, "origin": "default"},
        "linli.issues.issue-assigned.v1",
    )
    assert "the default rule case-assigned, version 1" in story["why"][0]
    mine, other = api.of("p-1", "handler"), api.of("p-2", "handler")
    assert (await api.http.get(f"/messages/{message['id']}/trace", headers=mine)).status_code == 200
    assert len((await api.http.get("/messages", headers=mine)).json()["items"]) == 1
    for path in (f"/messages/{message['id']}", f"/messages/{message['id']}/trace", "/messages?person=p-1"):
        assert (await api.http.get(path, headers=other)).status_code == 404
    assert (await api.http.get("/messages", headers=other)).json()["items"] == []


async def test_messages_are_read_page_by_page(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    for _ in range(5):
        await api.plan("p-1")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2, "state": "ready"}
    while True:
        page = (await api.http.get("/messages", params=query, headers=operator)).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == 5


async def post_receipts(api: Api, *receipts: dict[str, Any], secret: str = RECEIPT_SECRET) -> httpx.Response:
    body = json.dumps({"receipts": receipts}).encode()
    headers = {"Content-Type": "application/json", **sign(body, key_id="phones", secret=secret)}
    return await api.http.post("/receipts/sms", content=body, headers=headers)


def receipt(message: str, status: str) -> dict[str, Any]:
    return {
        "token": token_of(UUID(message)),
        "provider_id": "p-1",
        "status": status,
        "code": None,
        "at": MORNING.isoformat(),
    }


@pytest.mark.parametrize(
    "order", [("failed", "delivered"), ("delivered", "failed"), ("delivered", "delivered")]
)
async def test_receipts_settle_in_any_order_and_are_told_once(api: Api, order: tuple[str, str]) -> None:
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=api.of("op", "operator"))
    message = (await api.plan("p-1"))["id"]
    for status in (*order, *order):
        taken = await post_receipts(api, receipt(message, status), receipt(str(uuid4()), status))
        assert taken.json() == {"taken": 1}
    shown = await api.http.get(f"/messages/{message}/trace", headers=api.of("op", "operator"))
    assert shown.json()["message"]["state"] == "delivered"
    assert {each["status"] for each in shown.json()["receipts"]} == set(order)
    waiting = facts_in(await api.works.database.system.fetch(WAITING))
    told = [data for headers, data in waiting if headers["ce_community"] == str(api.community)]
    assert sum("reason" not in each for each in told) == 1
    assert {each["about"]["type"] for each in told} == {"case"}


async def test_receipts_need_a_genuine_signature(api: Api) -> None:
    assert (await post_receipts(api, receipt(str(uuid4()), "failed"), secret="forged")).status_code == 401
    assert (await api.http.post("/receipts/push", json={"receipts": []})).status_code == 401


async def test_a_strangers_token_stops_no_other_receipt(api: Api) -> None:
    odd = {**receipt(str(uuid4()), "failed"), "token": "no such token!"}
    assert (await post_receipts(api, odd)).json() == {"taken": 0}


@pytest.mark.parametrize(
    "spoil",
    [{"token": "\x00"}, {"provider_id": "\x00"}, {"at": "9999-12-31T23:59:59-14:00"}, {"status": "eaten"}],
)
async def test_receipts_the_database_cannot_hold_are_refused(api: Api, spoil: dict[str, str]) -> None:
    assert (await post_receipts(api, receipt(str(uuid4()), "failed") | spoil)).status_code == 422
