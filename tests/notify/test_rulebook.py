"""Rules, templates and vocabularies over HTTP: versioned, checked, and in force at once."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.notify.served import CANARY, Api

pytestmark = pytest.mark.anyio


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
        (
            {"recipients": [{"kind": "person", "field": "reporter", "on_duty": "only"}]},
            "recipients.0.on_duty",
        ),
        ({"recipients": [{"kind": "told", "field": "case"}]}, "recipients.0.rule"),
        ({"recipients": [{"kind": "told", "field": "case", "rule": "none-such"}]}, "recipients.0.rule"),
        ({"recipients": [{"kind": "told", "field": "place", "rule": "case-late"}]}, "recipients.0.field"),
        ({"not_to": [{"kind": "person", "field": "nobody"}]}, "not_to.0.field"),
        ({"withdraws": ["case-assigned", "none-such"]}, "withdraws.1"),
        ({"not_after": "category"}, "not_after"),
        ({"time_to_live_from": "category"}, "time_to_live_from"),
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


async def test_a_rule_may_do_nothing_but_withdraw(api: Api) -> None:
    operator = api.of("op", "operator")
    path, event = "/rules/our-end", "linli.issues.issue-resolved.v1"
    idle = await api.http.put(path, json={"event": event}, headers=operator)
    assert (idle.status_code, "withdraws something" in idle.text) == (422, True)
    mute = {"event": event, "recipients": [{"kind": "person", "field": "resolver"}]}
    assert "category, channels" in (await api.http.put(path, json=mute, headers=operator)).text
    rule = {"event": event, "withdraws": ["case-assigned"]}
    published = await api.http.put(path, json=rule, headers=operator)
    assert (published.status_code, published.json()["rule"]["recipients"]) == (200, []), published.text


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


async def test_a_template_that_rules_use_stays_with_their_event(api: Api) -> None:
    operator = api.of("op", "operator")
    seen = await api.http.get("/templates/case-assigned", headers=operator)
    other = (await api.http.get("/templates/case-closed", headers=operator)).json()["template"]
    headers = {**operator, "If-Match": seen.headers["etag"]}
    refused = await api.http.put("/templates/case-assigned", json=other, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "event"), refused.text
    assert "case-assigned" in refused.json()["errors"][0]["detail"]
    unused = await api.http.put("/templates/our-own", json=other, headers=operator)
    assert unused.status_code == 200, unused.text


async def test_a_community_names_its_own_categories(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    seen = await api.http.get("/vocabularies/category", headers=operator)
    words = seen.json()["words"] | {"noise": {"zh": "广场舞", "en": "square dance"}}
    headers = {**operator, "If-Match": seen.headers["etag"]}
    assert (await api.http.put("/vocabularies/category", json=words, headers=headers)).status_code == 200
    assert "广场舞" in (await api.plan("p-1"))["text"]["sms"]


@pytest.mark.parametrize(
    ("path", "part", "spoil"),
    [
        (
            "/templates/case-assigned",
            "template",
            {"texts": {"zh": {"sms": "【邻里】\x00", "title": "t", "body": "b"}}},
        ),
        ("/rules/case-assigned", "rule", {"conditions": [{"field": "category", "equals": "\x00"}]}),
        ("/rules/case-assigned", "rule", {"conditions": [{"field": "category", "equals": 10**40}]}),
        ("/rules/case-assigned", "rule", {"time_to_live_minutes": 10**9}),
        ("/rules/case-assigned", "rule", {"conditions": [{"field": "category"}]}),
        ("/vocabularies/category", "words", {"noise": {"zh": "\x00", "en": "noise"}}),
    ],
)
async def test_what_the_database_cannot_hold_is_refused_before(
    api: Api, path: str, part: str, spoil: dict[str, Any]
) -> None:
    operator = api.of("op", "operator")
    seen = await api.http.get(path, headers=operator)
    headers = {**operator, "If-Match": seen.headers["etag"]}
    body = seen.json()[part]
    for name, value in spoil.items():
        body[name] = {**body[name], **value} if isinstance(value, dict) and name in body else value
    refused = await api.http.put(path, json=body, headers=headers)
    assert refused.status_code == 422, refused.text
    assert (await api.http.get(path, headers=operator)).headers["etag"] == seen.headers["etag"]
