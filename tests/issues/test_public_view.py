"""The public view: open cases for everybody, without a person in it; ETags, forms, pages, photos."""

import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.issues.test_photos import photo
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
TEXT = "=浙L12345 堵了消防通道,请打 13912345678,3幢2单元501"
MASKED = "=*** 堵了消防通道,请打 ***,3幢2单元501"
AT = {"latitude": 30.01234, "longitude": 122.10678}


async def see(town: Town, suffix: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await town.client.get(f"/public/{town.id}/cases{suffix}", headers=named)


async def features(town: Town, suffix: str = "") -> list[dict[str, Any]]:
    answer = await see(town, suffix)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["features"]
    return found


async def test_everybody_sees_open_cases_and_nobody_in_them(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    answer = await town.ask(
        "POST", "/places", body={"kind": "unit", "parent": str(building), "code": "U501", "name": "501室"}
    )
    unit = answer.json()["id"]
    case = await town.report(person="rita", description=TEXT, place=unit, position=AT)
    ended = await town.report()
    await town.ask("POST", f"/cases/{ended}/refuse", body={"reason": "not-our-area"})
    shown = await see(town)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "application/geo+json")
    assert not any(
        word in shown.text
        for word in ("rita", "olive", "U501", "501室", unit, "1391234", str(ended), "30.01234")
    )
    [feature] = shown.json()["features"]
    assert feature["id"] == str(case)
    assert feature["geometry"] == {"type": "Point", "coordinates": [122.107, 30.012]}
    properties = feature["properties"]
    assert (properties["place"], properties["place_name"]) == (str(building), "HY-1")
    assert (properties["state"], properties["name_zh"], properties["text"]) == (
        "assigned",
        "占用消防通道",
        None,
    )
    masked = {"text": "masked"}
    assert (await town.ask("PUT", "/public-view", body=masked)).status_code == 200
    assert (await features(town))[0]["properties"]["text"] == MASKED
    rows = list(csv.DictReader(io.StringIO((await see(town, ".csv")).text)))
    assert rows[0]["text"] == f"'{MASKED}", "no table program takes it for a formula"
    assert (rows[0]["id"], rows[0]["latitude"], rows[0]["due_at"]) == (
        str(case),
        "30.012",
        properties["due_at"],
    )
    assert (await see(town, Accept="text/csv")).text == (await see(town, ".csv")).text
    hidden = {"hidden_categories": ["fire-lane"]}
    assert (await town.ask("PUT", "/public-view", body=hidden, if_match=1)).status_code == 200
    assert await features(town) == []
    assert (await town.ask("PUT", "/public-view", body={"shown": False}, if_match=2)).status_code == 200
    assert (await see(town)).status_code == 404
    assert (await town.client.get(f"/public/{uuid4()}/cases")).status_code == 404


async def test_an_etag_holds_until_something_that_is_shown_changes(town: Town) -> None:
    case = await town.report(position=AT)
    tag = (await see(town)).headers["ETag"]

    async def unchanged() -> bool:
        """Ask with the tag; take the new one when there is one."""
        nonlocal tag
        answer = await see(town, If_None_Match=f'"other", W/{tag}')
        assert answer.headers["ETag"] or answer.status_code == 200
        same = (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
        assert same or answer.status_code == 200
        tag = answer.headers["ETag"]
        return same

    assert await unchanged()
    assert (await see(town, ".csv", If_None_Match=tag)).status_code == 200, "another form"
    for verb, path, body in (
        ("PUT", "/public-view", {"text": "masked"}),
        ("POST", f"/cases/{case}/start", {}),
        ("POST", "/reports", {"category": "fire-lane", "description": "x"}),
        ("POST", f"/cases/{case}/resolve", {"outcome": "towed"}),
    ):
        answer = await town.ask(verb, path, body=body)
        assert answer.is_success, answer.text
        assert not await unchanged(), path
        assert await unchanged(), path


async def test_pages_and_boxes_hold_every_case_once_and_give_no_position_away(town: Town) -> None:
    cases = {str(await town.report(position=AT | {"longitude": 122 + n / 100})): n for n in range(5)}
    never_due = list(cases)[:2]
    await town.system.execute(
        "UPDATE cases SET due_at = NULL WHERE id = ANY($1::uuid[])", [UUID(case) for case in never_due]
    )
    for limit in (1, 2, 3):
        path, seen = f"/public/{town.id}/cases?limit={limit}", list[str]()
        while path:
            answer = await town.client.get(path)
            seen += [feature["id"] for feature in json.loads(answer.text)["features"]]
            path = answer.links["next"]["url"] if "next" in answer.links else ""
        assert sorted(seen) == sorted(cases)
        assert set(seen[3:]) == set(never_due), "what is never due comes last"
    boxed = await features(town, "?bbox=122.005,30,122.025,30.1")
    assert sorted(cases[feature["id"]] for feature in boxed) == [1, 2]
    exact = await features(town, "?bbox=122.0,30.0123,122.1,30.0124")
    assert exact == [], "by its blurred position it is not there"
    assert len(await features(town, "?bbox=122.0,30.012,122.1,30.012")) == 5
    assert (await see(town, "?bbox=1,2,3")).status_code == 422
    assert (await see(town, "?cursor=nonsense")).status_code == 400


async def test_a_photo_is_for_everybody_only_once_somebody_said_so(town: Town) -> None:
    case = await town.report()
    added = await town.ask(
        "POST", f"/cases/{case}/photos", content=photo(7), headers={"Content-Type": "image/png"}
    )
    address = f"/public/{town.id}/photos/{added.json()['id']}"
    assert (await town.client.get(address)).status_code == 404
    publish = f"/cases/{case}/photos/{added.json()['id']}/publish"
    assert (await town.ask("POST", publish, roles=("resident",), body={"public": True})).status_code == 403
    assert (await town.ask("POST", publish, body={"public": True})).status_code == 200
    assert (await features(town))[0]["properties"]["photos"] == [address]
    assert (await town.client.get(address)).headers["Content-Type"] == "image/jpeg"
    await town.ask("POST", f"/cases/{case}/refuse", body={"reason": "not-ours"})
    assert (await town.client.get(address)).status_code == 404, "the case is shown no more"
