"""Who is turned away at both services, with a clear problem, and nothing that rings anywhere."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.identity import Issuer
from tests.fixtures.neighbourhood import CATEGORY, Neighbourhood

WAYS: dict[str, Callable[[Issuer], dict[str, Any]]] = {
    "expired": lambda _: {"lifetime": -600},
    "forged": lambda issuer: {"key": issuer.strange_key()},
    "for another audience": lambda _: {"audience": "somebody-else"},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_token_opens_neither_service(deployment: Deployment, here: Neighbourhood, way: str) -> None:
    issuer = deployment.issuer
    token = issuer.token(here.resident.person, {here.community: ["resident"]}, **WAYS[way](issuer))
    headers = {"authorization": f"Bearer {token}"}
    body = {"category": CATEGORY, "description": "x", "place": here.compound}
    issues, notify = (deployment.suite.url(name) for name in ("issues", "notify"))
    for answer in (
        deployment.http.post(f"{issues}/reports", json=body, headers=headers),
        deployment.http.get(f"{notify}/messages", headers=headers),
    ):
        _assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_nothing_of_another_community_can_be_seen_or_used(
    deployment: Deployment, here: Neighbourhood
) -> None:
    there = deployment.neighbourhood()
    case = there.reported(there.resident)
    there.hears_all()
    listed = there.send(there.operator, "GET", "notify", "/messages", status=200).json()["items"]
    message = listed[0]["id"]
    named = {"linli-community": there.community}
    for answer in (
        here.send(here.operator, "GET", "issues", f"/cases/{case}"),
        here.send(here.operator, "GET", "issues", f"/cases/{case}", headers=named),
        here.send(here.operator, "GET", "notify", f"/messages/{message}/trace"),
        here.send(here.operator, "GET", "notify", "/messages", headers=named),
        here.send(here.operator, "GET", "notify", f"/contacts/{there.resident.person}"),
        here.resolve(here.guard, case),
        here.resolve(here.operator, str(uuid.uuid4())),
    ):
        _assert_problem(answer, 404)
    _assert_problem(here.report(here.resident, place=there.compound), 422)
    assert not here.ledger.lines(here.addresses)


def _assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"]
