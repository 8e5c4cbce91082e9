"""A walk through a list sees each row once, whatever is added meanwhile; cursors are nobody's to make."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.http.paging import Paging
from tests.http.conftest import Person

pytestmark = pytest.mark.anyio
START = datetime(2026, 3, 1, tzinfo=UTC)


async def add(system: Any, community: UUID, count: int, at: datetime) -> set[str]:
    ids = [uuid4() for _ in range(count)]
    await system.executemany(
        "INSERT INTO notes (id, community_id, body, written_at) VALUES ($1, $2, 'x', $3)",
        # Three share each instant: the id breaks the tie.
        [(note, community, at + timedelta(seconds=number // 3)) for number, note in enumerate(ids)],
    )
    return {str(note) for note in ids}


async def test_a_walk_sees_each_row_once_while_others_are_added(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    there = await add(system, community, 50, START)
    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = await client.get(
            "/notes", params={"limit": 7} | ({"cursor": cursor} if cursor else {}), headers=resident.headers
        )
        assert page.status_code == 200, page.text
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next"]
        pages += 1
        # Later ones come before what was seen, so the walk does not meet them.
        await add(system, community, 5, START + timedelta(days=pages))
    assert len(seen) == len(set(seen))
    assert set(seen) == there
    assert pages == 8


async def test_the_last_page_has_no_next(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    await add(system, community, 10, START)
    exactly = (await client.get("/notes?limit=10", headers=resident.headers)).json()
    assert (len(exactly["items"]), exactly["next"]) == (10, None)
    empty = (await client.get("/notes?part=nothing", headers=resident.headers)).json()
    assert empty == {"items": [], "next": None}


async def test_a_cursor_belongs_to_its_list_and_filters(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    await add(system, community, 5, START)
    cursor = (await client.get("/notes?limit=2&part=x", headers=resident.headers)).json()["next"]
    good = await client.get("/notes", params={"part": "x", "cursor": cursor}, headers=resident.headers)
    assert good.status_code == 200
    for params in (
        {"cursor": cursor},
        {"cursor": cursor, "part": "y"},
        {"cursor": cursor[:-2], "part": "x"},
        {"cursor": ("y" if cursor[0] == "x" else "x") + cursor[1:], "part": "x"},
        {"cursor": "钥匙", "part": "x"},
        {"cursor": "!!", "part": "x"},
        {"cursor": "", "part": "x"},
    ):
        response = await client.get("/notes", params=params, headers=resident.headers)
        assert response.status_code == 400, params
        assert response.json()["type"] == "urn:linli:problem:malformed"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5"])
async def test_limits_are_kept(client: httpx.AsyncClient, resident: Person, limit: str) -> None:
    assert (await client.get(f"/notes?limit={limit}", headers=resident.headers)).status_code == 422


positions = st.tuples(
    st.datetimes(timezones=st.just(UTC)), st.uuids(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=50)
)


@given(positions)
def test_a_position_survives_its_cursor(position: tuple[datetime, UUID, int, str]) -> None:
    page = Paging(1, None, "/notes").page([position] * 2, str, lambda row: row)
    assert page.next is not None
    assert Paging(1, page.next, "/notes").after(datetime, UUID, int, str) == position
    with pytest.raises(Malformed):
        Paging(1, page.next, "/others").after(datetime, UUID, int, str)
    with pytest.raises(Malformed):
        Paging(1, page.next, "/notes").after(datetime, UUID)


@given(st.text(max_size=60))
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(Malformed):
        Paging(1, text, "/notes").after(datetime, UUID)
