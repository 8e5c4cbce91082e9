"""Notify over HTTP: contacts without clear numbers, versioned rules, messages and their story, receipts."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify.app import SERVICE
from services.notify.domain.intents import token_of
from services.notify.settings import NotifySettings
from services.notify.usecases.install_defaults import install_defaults
from services.notify.usecases.plan_messages import plan_messages
from shared.contracts import Assignee, Event
from shared.identifiers import new_id
from shared.runtime.running import Activity, Running, running
from shared.security.signatures import sign
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.notify.conftest import MORNING, PHONE_KEYS, PROVIDER_KEY, RECEIPT_SECRET
from tests.notify.test_planning import assigned

pytestmark = pytest.mark.anyio

CANARY = "13812345678"
SETTINGS: dict[str, Any] = {
    "sms_provider_url": "http://127.0.0.1:9",
    "push_provider_url": "http://127.0.0.1:9",
    "sms_provider_key": PROVIDER_KEY,
    "push_provider_key": PROVIDER_KEY,
    "callback_url": "http://127.0.0.1:9",
    "receipt_keys": f"phones:{RECEIPT_SECRET}",
    "phone_keys": PHONE_KEYS,
}


@dataclass
class Api:
    """A client of a served notify, and its works for what only events do."""

    http: httpx.AsyncClient
    issuer: Issuer
    works: Any
    community: UUID

    def of(self, person: str, *roles: str, community: UUID | None = None) -> dict[str, str]:
        return self.issuer.headers(person, {community or self.community: roles})

    async def plan(self, person: str, case: UUID | None = None) -> dict[str, Any]:
        fact = assigned(case or uuid4(), Assignee(person=person), None)
        event = Event(
            id=new_id(), source="/linli/issues", time=self.works.clock.now(), community=self.community,
            sequence=2, data=fact, traceparent="00-" + "ab" * 16 + "-" + "cd" * 8 + "-01",
        )  # fmt: skip
        async with self.works.for_system("test") as work:
            await plan_messages(work, [event])
        headers = self.of("op", "operator")
        listed = await self.http.get("/messages", params={"person": person}, headers=headers)
        message: dict[str, Any] = listed.json()["items"][0]
        return message


@pytest.fixture(scope="module")
async def served(module_databases: Databases, issuer: Issuer) -> AsyncIterator[Running]:
    """One notify for all tests here: each works in a community of its own."""
    urls = module_databases("notify")
    settings = NotifySettings(
        **SETTINGS,
        database_url=urls.url,
        database_system_url=urls.system_url,
        kafka_bootstrap_servers="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_jwks_url=issuer.jwks_url,
        port=0,
    )
    async with running(SERVICE, settings, only={Activity.api}) as served:
        async with served.context.works.for_system("test") as work:
            await install_defaults(work)
        yield served


@pytest.fixture
async def api(served: Running, issuer: Issuer) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, verify=False) as http:
        yield Api(http, issuer, served.context.works, uuid4())


async def test_a_contact_is_made_changed_and_erased_and_never_shows_its_number(api: Api) -> None:
    operator = api.of("op", "operator")
    made = await api.http.post("/contacts", json={"phone": "138 1234 5678"}, headers=operator)
    assert made.status_code == 201, made.text
    person = made.json()["person"]
    assert UUID(person).version == 7
    assert made.json()["phone"] == "+86*******5678"
    assert made.headers["location"] == f"/contacts/{person}"
    shown = await api.http.get(f"/contacts/{person}", headers=operator)
    assert CANARY not in shown.text
    without = await api.http.put(f"/contacts/{person}", json={"language": "en"}, headers=operator)
    assert without.status_code == 428
    changed = await api.http.put(
        f"/contacts/{person}",
        json={"language": "en"},
        headers={**operator, "If-Match": shown.headers["etag"]},
    )
    assert (changed.json()["language"], changed.json()["phone"]) == ("en", "+86*******5678")
    stale = await api.http.put(
        f"/contacts/{person}", json={"phone": None}, headers={**operator, "If-Match": shown.headers["etag"]}
    )
    assert stale.status_code == 412
    removed = await api.http.put(
        f"/contacts/{person}", json={"phone": None}, headers={**operator, "If-Match": changed.headers["etag"]}
    )
    assert removed.json()["phone"] is None
    erased = await api.http.delete(
        f"/contacts/{person}", headers={**operator, "If-Match": removed.headers["etag"]}
    )
    assert erased.status_code == 204
    assert (await api.http.get(f"/contacts/{person}", headers=operator)).status_code == 404


async def test_people_keep_their_own_contact_and_see_no_other(api: Api) -> None:
    mine = api.of("me", "resident")
    assert (await api.http.put("/contacts/me", json={"push_token": "d-1"}, headers=mine)).status_code == 200
    assert (await api.http.get("/contacts/me", headers=mine)).json()["has_push"] is True
    for method, body in (("GET", None), ("PUT", {"language": "en"})):
        refused = await api.http.request(method, "/contacts/other", json=body, headers=mine)
        assert refused.status_code == 403, refused.text
    street = api.of("me", "street")
    assert (await api.http.get("/contacts/other", headers=street)).status_code == 403
    assert (await api.http.post("/contacts", json={}, headers=mine)).status_code == 403


async def test_a_number_is_found_by_its_hash_in_any_writing(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    found = await api.http.post("/contacts/find", json={"phone": "+86 138-1234-5678"}, headers=operator)
    assert [each["person"] for each in found.json()["contacts"]] == ["p-1"]
    elsewhere = api.of("op", "operator", community=uuid4())
    assert (await api.http.post("/contacts/find", json={"phone": CANARY}, headers=elsewhere)).json() == {
        "contacts": []
    }


async def test_an_import_stores_all_rows_or_none_and_names_mistakes_without_values(api: Api) -> None:
    operator = {**api.of("op", "operator"), "Content-Type": "text/csv"}
    wrong = f"person,phone,language\na,{CANARY},zh\nb,12345,fr\na,{CANARY},zh\nc,,\n"
    refused = await api.http.post("/contacts/import", content=wrong, headers=operator)
    assert refused.status_code == 422
    named = {(each["row"], each["column"]) for each in refused.json()["errors"]}
    assert named == {(3, "phone"), (3, "language"), (4, "person"), (5, "phone")}
    assert "12345" not in refused.text
    assert (await api.http.get("/contacts/a", headers=operator)).status_code == 404
    right = f"person,phone,push_token,language\na,{CANARY},d-1,zh\n,{CANARY},,en\n"
    headers = {**operator, "Idempotency-Key": "once"}
    stored = await api.http.post("/contacts/import", content=right, headers=headers)
    assert stored.json()["stored"] == 2
    (made,) = stored.json()["made"]
    assert made["row"] == 3
    again = await api.http.post("/contacts/import", content=right, headers=headers)
    assert again.json() == stored.json()
    assert (await api.http.get(f"/contacts/{made['person']}", headers=operator)).json()["language"] == "en"


async def test_a_community_publishes_its_own_rule_and_planning_follows_at_once(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    assert (await api.plan("p-1"))["category"] == "case-work"
    before = await api.http.get("/rules/case-assigned", headers=operator)
    assert before.json()["origin"] == "default"
    rule = before.json()["rule"] | {"category": "our-own"}
    missing = await api.http.put("/rules/case-assigned", json=rule, headers=operator)
    assert missing.status_code == 428
    published = await api.http.put(
        "/rules/case-assigned", json=rule, headers={**operator, "If-Match": before.headers["etag"]}
    )
    assert published.status_code == 200, published.text
    assert (published.json()["version"], published.json()["origin"]) == (2, "community")
    assert (await api.plan("p-1"))["category"] == "our-own"
    history = (await api.http.get("/rules/case-assigned/versions", headers=operator)).json()["items"]
    assert [(each["version"], each["origin"]) for each in history] == [(2, "community"), (1, "default")]
    elsewhere = api.of("op", "operator", community=uuid4())
    assert (await api.http.get("/rules/case-assigned", headers=elsewhere)).json()["origin"] == "default"
    assert (await api.http.get("/rules/none-such", headers=operator)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"event": "linli.issues.case-eaten.v1"}, "event"),
        ({"event": "linli.notify.message-failed.v1"}, "event"),
        ({"conditions": [{"field": "colour", "equals": "red"}]}, "conditions.0.field"),
        ({"recipients": [{"kind": "household", "field": "assignee"}]}, "recipients.0.field"),
        ({"recipients": [{"kind": "person", "field": "nobody"}]}, "recipients.0.field"),
        ({"recipients": [{"kind": "role", "field": "place"}]}, "recipients.0.role"),
        ({"template": "none-such"}, "template"),
        ({"template": "case-resolved"}, "template"),
    ],
)
async def test_a_rule_that_does_not_fit_its_event_is_refused(
    api: Api, change: dict[str, Any], pointer: str
) -> None:
    operator = api.of("op", "operator")
    seen = await api.http.get("/rules/case-assigned", headers=operator)
    headers = {**operator, "If-Match": seen.headers["etag"]}
    refused = await api.http.put("/rules/case-assigned", json=seen.json()["rule"] | change, headers=headers)
    assert refused.status_code == 422, refused.text
    assert pointer in {each["pointer"] for each in refused.json()["errors"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ category }}", "signature"),
        ("【邻里】{{ nothing }}", "no nothing"),
        ("【邻里】{% for x in flags %}{{ x }}{% endfor %}", "For"),
        ("【邻里】{{ 'a' * 1000000000 }}", "Mul"),
        ("【邻里】{{ category.upper() }}", "Call"),
        ("【邻里】{{ category | upper }}", "no filter"),
        ("【邻里】{{ category", "cannot be parsed"),
        ("【邻里】{{ assignee.nothing }}", "nothing"),
        ("【邻里】{{ category.__class__ }}", "unsafe"),
        ("【邻里】{{ _words }}", "no _words"),
    ],
)
async def test_a_template_that_cannot_be_trusted_is_refused(api: Api, text: str, problem: str) -> None:
    operator = api.of("op", "operator")
    seen = await api.http.get("/templates/case-assigned", headers=operator)
    template = seen.json()["template"]
    template["texts"]["zh"]["sms"] = text
    headers = {**operator, "If-Match": seen.headers["etag"]}
    refused = await api.http.put("/templates/case-assigned", json=template, headers=headers)
    assert refused.status_code == 422, refused.text
    assert problem in json.dumps(refused.json()["errors"], ensure_ascii=False)


async def test_a_community_names_its_own_categories(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    seen = await api.http.get("/vocabularies/category", headers=operator)
    words = seen.json()["words"] | {"noise": {"zh": "广场舞", "en": "square dance"}}
    headers = {**operator, "If-Match": seen.headers["etag"]}
    assert (await api.http.put("/vocabularies/category", json=words, headers=headers)).status_code == 200
    assert "广场舞" in (await api.plan("p-1"))["text"]["sms"]


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
    rows = await api.works.database.system.fetch("SELECT headers, value FROM outbox")
    told = [json.loads(row["value"]) for row in rows if str(api.community) in row["headers"]]
    assert sum("reason" not in each for each in told) == 1
    assert {each["about"]["type"] for each in told} == {"case"}


async def test_receipts_need_a_genuine_signature(api: Api) -> None:
    assert (await post_receipts(api, receipt(str(uuid4()), "failed"), secret="forged")).status_code == 401
    assert (await api.http.post("/receipts/push", json={"receipts": []})).status_code == 401


async def test_a_strangers_token_stops_no_other_receipt(api: Api) -> None:
    odd = {**receipt(str(uuid4()), "failed"), "token": "no such token!"}
    assert (await post_receipts(api, odd)).json() == {"taken": 0}


async def test_no_number_appears_in_answers_logs_events_or_rows(api: Api) -> None:
    written = io.StringIO()
    operator = api.of("op", "operator")
    with redirect_stdout(written):
        answers = [
            await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator),
            await api.http.put("/contacts/p-1", json={"phone": CANARY, "colour": CANARY}, headers=operator),
            await api.http.put("/contacts/p-2", json={"phone": f"{CANARY}{CANARY}"}, headers=operator),
            await api.http.post("/contacts/find", json={"phone": CANARY}, headers=operator),
            await api.http.post("/contacts/find", content=f'{{"phone": "{CANARY}"', headers=operator),
            await api.http.get("/contacts/p-1", headers=operator),
            await api.http.get("/metrics"),
        ]
        await api.plan("p-1")
        await asyncio.sleep(0.05)
    assert not any(CANARY in text for text in (*(answer.text for answer in answers), written.getvalue()))
    tables = await api.works.database.system.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (table,) in tables:
        if table != "alembic_version":
            rows = await api.works.database.system.fetch(f"SELECT t::text FROM {table} t")
            assert not any(CANARY in row[0] for row in rows), table
