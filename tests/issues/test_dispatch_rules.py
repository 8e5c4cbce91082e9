"""Categories, dispatch rules and fallback owners as data."""

from typing import Any
from uuid import uuid4

import pytest

from tests.issues.town import MINIMAL_CATEGORY, Town

pytestmark = pytest.mark.anyio


async def test_categories_are_replaced_by_version(town: Town) -> None:
    path, body = "/categories/fire-lane", MINIMAL_CATEGORY | {"deadline_minutes": 60}
    assert (await town.ask("PUT", path, body=body)).status_code == 428
    assert (await town.ask("PUT", path, body=body, if_match=2)).status_code == 412
    changed = await town.ask("PUT", path, body=body, if_match=1)
    assert (changed.json()["version"], changed.headers["ETag"]) == (2, '"2"')
    assert (await town.get(path, roles=("resident",)))["deadline_minutes"] == 60
    assert (await town.ask("PUT", "/categories/new", body=body, if_match=1)).status_code == 412
    assert (await town.ask("PUT", path, roles=("resident",), body=body, if_match=2)).status_code == 403
    assert [found["code"] for found in (await town.get("/categories"))["items"]] == ["fire-lane"]
    assert (await town.ask("GET", "/categories/none")).status_code == 404


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/categories/x", {"deadline_minutes": 0}),
        ("/categories/x", {"deadline_minutes": 10**9}),
        ("/categories/x", {"priority": "vital"}),
        ("/categories/x", {"name_zh": "  "}),
        ("/categories/X!", {}),
    ],
)
async def test_bad_categories_are_refused(town: Town, path: str, change: dict[str, Any]) -> None:
    answer = await town.ask("PUT", path, body=MINIMAL_CATEGORY | change)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"category": "unheard-of"},
        {"place": str(uuid4())},
        {"rank": -1},
        {"target": {}},
        {"target": {"role": "guard"}},
        {"target": {"role": "emperor", "level": "compound"}},
        {"target": {"role": "guard", "level": "street"}},
        {"target": {"role": "guard", "place": str(uuid4())}},
        {"target": {"person": "ann", "volunteers": True}},
    ],
)
async def test_bad_rules_are_refused(town: Town, change: dict[str, Any]) -> None:
    body = {"rank": 1, "target": {"role": "guard", "level": "compound"}} | change
    answer = await town.ask("PUT", "/dispatch-rules/r", body=body)
    assert answer.status_code == 422, answer.text
    assert (await town.get("/dispatch-rules"))["items"] == []


async def test_rules_are_replaced_and_removed_by_version(town: Town) -> None:
    await town.rule("r", {"role": "guard", "level": "compound"}, category="fire-lane", place=str(town.id))
    found = await town.get("/dispatch-rules/r")
    assert (found["category"], found["place"], found["version"]) == ("fire-lane", str(town.id), 1)
    body = {"rank": 1, "target": {"person": "ann"}}
    assert (await town.ask("PUT", "/dispatch-rules/r", body=body)).status_code == 428
    assert (await town.ask("PUT", "/dispatch-rules/r", body=body, if_match=1)).json()["version"] == 2
    assert (await town.ask("DELETE", "/dispatch-rules/r", if_match=1)).status_code == 412
    assert (await town.ask("DELETE", "/dispatch-rules/r", if_match=2)).status_code == 200
    assert (await town.ask("GET", "/dispatch-rules/r")).status_code == 404


async def test_the_fallback_owner_is_replaced_by_version(town: Town) -> None:
    found = await town.get("/dispatch-fallback")
    assert (found["target"]["role"], found["target"]["level"], found["version"]) == (
        "operator",
        "community",
        1,
    )
    body = {"role": "dispatcher", "level": "community"}
    assert (await town.ask("PUT", "/dispatch-fallback", body=body)).status_code == 428
    assert (await town.ask("PUT", "/dispatch-fallback", body=body, if_match=1)).json()["version"] == 2
    assert (await town.ask("PUT", "/dispatch-fallback", body={}, if_match=2)).status_code == 422
