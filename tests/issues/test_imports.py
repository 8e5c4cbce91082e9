"""Bulk import: recorded reality becomes cases once, flagged where impossible, and nothing else happens."""

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.issues.recorded import MAPPING, recorded
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
SMALL: dict[str, Any] = {
    "source": "old-system",
    "columns": {
        "external_id": "id",
        "category": "kind",
        "state": "state",
        "reported_at": "made",
        "closed_at": "done",
        "latitude": "lat",
        "longitude": "lon",
    },
    "categories": {"Van": "fire-lane"},
    "states": {"done": "closed", "open": "reported"},
    "time_format": "%Y-%m-%d %H:%M",
    "zone": "Asia/Shanghai",
}
HEADER = "id,kind,state,made,done,lat,lon"
ROWS = [
    "1,Van,done,2025-01-01 08:00,2025-01-01 09:00,30.0,122.0",
    "2,Van,open,2025-01-01 08:00,,,",
    "3,Van,done,2025-01-01 08:00,2025-01-01 07:00,30.0,122.0",
    "4,Bus,done,2025-01-01 08:00,2025-01-01 09:00,30.0,122.0",
    "5,Van,done,soon,,30.0,122.0",
    "1,Van,open,2025-01-01 08:00,,30.0,122.0",
    "too,short",
]


async def mapped(town: Town, mapping: dict[str, Any] = SMALL) -> None:
    answer = await town.ask("PUT", "/import-mappings/m", roles=("importer",), body=mapping)
    assert answer.status_code == 200, answer.text


async def imported(town: Town, rows: list[str], **how: Any) -> dict[str, Any]:
    text = "\r\n".join([HEADER, *rows]) + "\r\n"
    answer = await town.load("/imports/m", text, roles=("importer",), **how)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_rows_become_cases_or_reasons(town: Town) -> None:
    await mapped(town)
    told = await imported(town, ROWS)
    assert {name: told[name] for name in ("rows", "created", "unchanged", "differing", "rejected")} == {
        "rows": 7,
        "created": 3,
        "unchanged": 0,
        "differing": 0,
        "rejected": 4,
    }
    assert told["states"] == {"closed": 2, "reported": 1}
    assert told["flags"] == {"closed-before-created": 1, "no-coordinates": 1}
    assert [(reject["row"], reject["reason"].split(":")[0]) for reject in told["rejects"]] == [
        (5, "category is not in the mapping"),
        (6, "reported time cannot be read"),
        (7, "the same id as row 2"),
        (8, "2 fields instead of 7"),
    ]
    cases = (await town.get("/cases"))["items"]
    first = next(case for case in cases if case["external_id"] == "1")
    assert (first["reported_at"], first["closed_at"]) == ("2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z")
    assert (first["source"], first["assignee"], first["reporter"]) == ("old-system", None, None)
    history = (await town.get(f"/cases/{first['id']}"))["history"]
    assert [(entry["version"], entry["change"]) for entry in history] == [(1, "imported")]


async def test_a_second_run_changes_nothing_and_tells_what_differs(town: Town) -> None:
    await mapped(town)
    await imported(town, ROWS)
    before = await town.system.fetch("SELECT * FROM cases WHERE community_id = $1 ORDER BY id", town.id)
    again = await imported(town, ROWS[:3])
    assert (again["created"], again["unchanged"], again["states"]) == (0, 3, {"closed": 2, "reported": 1})
    other = await imported(town, ["2,Van,done,2025-01-01 08:00,2025-01-02 08:00,,", ROWS[0]])
    assert (other["differing"], other["differing_rows"], other["unchanged"]) == (1, [2], 1)
    after = await town.system.fetch("SELECT * FROM cases WHERE community_id = $1 ORDER BY id", town.id)
    assert after == before


async def test_a_file_that_was_cut_off_is_resumed(town: Town) -> None:
    await mapped(town)
    many = [f"n{number},Van,done,2025-01-01 08:00,2025-01-01 09:00,30.0,122.0" for number in range(1200)]
    packed = gzip.compress("\n".join([HEADER, *many]).encode())
    cut = await town.load(
        "/imports/m", packed[: len(packed) // 2], roles=("importer",), headers={"Content-Encoding": "gzip"}
    )
    assert (cut.status_code, cut.json()["detail"]) == (400, "the gzip body was cut off")
    there = await town.system.fetchval("SELECT count(*) FROM cases WHERE community_id = $1", town.id)
    assert there in {0, 500, 1000}
    assert (cut.json()["rows"], cut.json()["created"]) == (there, there)
    broken = await town.load(
        "/imports/m", "\n".join([HEADER, *many, 'n1200,"Van']).encode(), roles=("importer",)
    )
    assert (broken.status_code, broken.json()["type"]) == (422, "urn:linli:problem:bad-csv")
    assert (broken.json()["rows"], broken.json()["created"]) == (1000, 1000 - there)
    there = 1000
    whole = await town.load("/imports/m", packed, roles=("importer",), headers={"Content-Encoding": "gzip"})
    assert (whole.json()["created"], whole.json()["unchanged"]) == (1200 - there, there)


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"id,kind\n1,Van\n", {}, 422, "missing-columns"),
        (b"id,id\n1,Van\n", {}, 422, "bad-csv"),
        (HEADER.encode() + b'\n"1,Van', {}, 422, "bad-csv"),
        (b"\xff\xfe\xfd", {}, 422, "bad-csv"),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400, "malformed"),
        (b"x", {"Content-Encoding": "br"}, 415, "unsupported-media-type"),
        (b"{}", {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
    ],
)
async def test_bad_files_are_refused(
    town: Town, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    await mapped(town)
    answer = await town.load("/imports/m", content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:linli:problem:{slug}")
    assert (await town.get("/cases"))["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Mars/Olympus"},
        {"time_format": "%Y"},
        {"states": {"done": "assigned"}},
        {"states": {}},
        {"categories": {"Van": "unheard-of"}},
        {"categories": {}},
        {"source": "Old System"},
        {"columns": {"external_id": "id"}},
    ],
)
async def test_bad_mappings_are_refused(town: Town, change: dict[str, Any]) -> None:
    answer = await town.ask("PUT", "/import-mappings/m", body=SMALL | change)
    assert answer.status_code == 422, answer.text
    assert (await town.ask("GET", "/import-mappings/m")).status_code == 404


async def test_mappings_are_replaced_by_version_and_must_be_there(town: Town) -> None:
    await mapped(town)
    assert (await town.ask("PUT", "/import-mappings/m", body=SMALL)).status_code == 428
    changed = await town.ask("PUT", "/import-mappings/m", body=SMALL | {"delimiter": ";"}, if_match=1)
    assert (changed.json()["version"], changed.json()["delimiter"]) == (2, ";")
    assert (await town.load(f"/imports/{uuid4()}", HEADER)).status_code == 404
    assert (await town.load("/imports/m", HEADER, roles=("resident",))).status_code == 403


async def test_a_recorded_city_comes_in_once(town: Town) -> None:
    data = recorded("issue-reports.csv.gz").read_bytes()
    mapping = json.loads(MAPPING.read_text())
    for code in sorted(set(mapping["categories"].values())):
        await town.category(code)
    await mapped(town, mapping)
    told = []
    for _ in range(2):
        answer = await town.load("/imports/m", data, headers={"Content-Encoding": "gzip"}, timeout=60)
        told.append(answer.json())
    first, second = told
    assert (first["rows"], first["created"], first["rejected"]) == (9999, 9999, 0)
    assert first["states"] == {"closed": 9739, "cancelled": 246, "referred": 9, "reported": 5}
    assert (first["flags"]["no-coordinates"], first["flags"]["closed-before-created"]) == (1753, 12)
    assert second == first | {"created": 0, "unchanged": 9999}
    stored = await town.system.fetchval("SELECT count(*) FROM cases WHERE community_id = $1", town.id)
    assert stored == 9999
