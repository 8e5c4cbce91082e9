"""The register from CSV: all or nothing, again and again, and every wrong row named."""

import time

import pytest

from tests.issues.town import Town

pytestmark = pytest.mark.anyio
PLACES = """\ufeffcode,kind,parent,name,floor_area_m2
1幢101,unit,HY-1,,88.25
HY-1,building,HY,1 Heyuan,
HY,compound,,Heyuan 合源,
"""
HOUSEHOLDS = "code,unit,persons\nH1,1幢101,p1;p2\nH2,1幢101,\n"
ROLES = "person,role,place\np1,representative,HY-1\ngu,guard,HY\nop,dispatcher,\n"


async def counts(town: Town, path: str, text: str) -> tuple[int, int, int]:
    answer = await town.load(path, text)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["created"], told["changed"], told["unchanged"]


async def events_of(town: Town) -> int:
    """Count what was ever said about this town: the outbox forgets, the versions do not."""
    total: int = await town.system.fetchval(
        """
        SELECT coalesce(sum(version), 0)::int FROM (
            SELECT version FROM places WHERE community_id = $1
            UNION ALL SELECT version FROM households WHERE community_id = $1
            UNION ALL SELECT version FROM grants WHERE community_id = $1) AS every
        """,
        town.id,
    )
    return total


async def test_files_load_once_and_again(town: Town) -> None:
    assert await counts(town, "/places/import", PLACES) == (3, 0, 0)
    assert await counts(town, "/households/import", HOUSEHOLDS) == (2, 0, 0)
    assert await counts(town, "/roles/import", ROLES) == (3, 0, 0)
    said = await events_of(town)
    assert await counts(town, "/places/import", PLACES) == (0, 0, 3)
    assert await counts(town, "/households/import", HOUSEHOLDS) == (0, 0, 2)
    assert await counts(town, "/roles/import", ROLES) == (0, 0, 3)
    assert await events_of(town) == said
    units = (await town.get("/places?kind=unit"))["items"]
    assert [(unit["code"], unit["name"], unit["floor_area_cm2"]) for unit in units] == [
        ("1幢101", "1幢101", 882500)
    ]
    assert len(units[0]["path"]) == 4


async def test_changed_rows_change(town: Town) -> None:
    await counts(town, "/places/import", PLACES)
    await counts(town, "/households/import", HOUSEHOLDS)
    assert await counts(town, "/places/import", PLACES.replace("88.25", "90")) == (0, 1, 2)
    assert await counts(town, "/households/import", HOUSEHOLDS.replace("p1;p2", "p1;p3")) == (0, 1, 1)
    households = (await town.get("/households"))["items"]
    assert {household["code"]: household["persons"] for household in households} == {
        "H1": ["p1", "p3"],
        "H2": [],
    }
    (ended,) = [household for household in households if household["code"] == "H1"]
    assert (await town.ask("DELETE", f"/households/{ended['id']}", if_match=2)).status_code == 200
    assert await counts(town, "/households/import", HOUSEHOLDS.replace("p1;p2", "p1;p3")) == (0, 0, 2)
    assert (await town.load("/households/import", HOUSEHOLDS)).status_code == 422, "it has ended otherwise"


@pytest.mark.parametrize(
    ("path", "text", "problems"),
    [
        (
            "/places/import",
            "kind,code,parent,name,floor_area_m2\ncompound,A,,A,\nbuilding,B,NO,B,\nunit,C,A,C,\ncompound,A,,A,\n"
            "compound,小区,,A,\ntower,D,,D,\ncompound,E,,E,5\nunit,F,B,F\n",
            {
                3: "no place",
                4: "does not belong",
                5: "the same as row 2",
                6: "a code is",
                7: "kind is",
                8: "no floor",
                9: "4 fields",
            },
        ),
        (
            "/households/import",
            "code,unit,persons\nH1,NO,p1\nH2,HY,p1\nH3,1幢101,p1;p1\nH4,1幢101,张三\n",
            {2: "no place", 3: "not a unit", 4: "named twice", 5: "person id"},
        ),
        (
            "/roles/import",
            "person,role,place\np1,emperor,\np1,guard,NO\n,guard,\n",
            {2: "not a role", 3: "no place", 4: "person id"},
        ),
    ],
)
async def test_one_wrong_row_and_nothing_is_stored(
    town: Town, path: str, text: str, problems: dict[int, str]
) -> None:
    await counts(town, "/places/import", PLACES)
    said = await events_of(town)
    answer = await town.load(path, text)
    assert answer.status_code == 422, answer.text
    rows = {problem["row"]: problem["reason"] for problem in answer.json()["rows"]}
    assert rows.keys() == problems.keys()
    assert all(reason in rows[row] for row, reason in problems.items()), rows
    assert await events_of(town) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no header"),
        ("code,kind\n", "the columns are"),
        ("\xff", "the columns are"),
        ('a,"b', "quoted field"),
    ],
)
async def test_what_is_no_such_file(town: Town, text: str, said: str) -> None:
    answer = await town.load("/places/import", text)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:linli:problem:bad-csv")
    assert said in answer.json()["detail"]


async def test_only_operators_load_and_only_csv(town: Town) -> None:
    assert (await town.load("/places/import", PLACES, roles=("resident",))).status_code == 403
    other = await town.load("/places/import", PLACES, headers={"Content-Type": "application/json"})
    assert other.status_code == 415


async def test_thousands_of_rows_are_quick(town: Town) -> None:
    rows = ["kind,code,parent,name,floor_area_m2", "compound,HY,,Heyuan,"]
    rows += [f"building,HY-{number},HY,{number}," for number in range(60)]
    rows += [f"unit,{number}-{door},HY-{number},,80" for number in range(60) for door in range(100)]
    began = time.perf_counter()
    assert await counts(town, "/places/import", "\n".join(rows)) == (6061, 0, 0)
    assert time.perf_counter() - began < 10
