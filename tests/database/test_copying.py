"""Rows that are copied are read back the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg.pgproto import pgproto
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.database import copying
from shared.database.work import Works

pytestmark = pytest.mark.anyio
COLUMNS: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "number": ("bigint", copying.as_bigint),
    "told": ("text", copying.as_text),
    "ident": ("uuid", copying.as_uuid),
    "share": ("double precision", copying.as_double),
    "at": ("timestamptz", copying.as_time),
    "data": ("json", copying.as_text),
    "true": ("boolean", copying.as_bool),
}
# PostgreSQL has no zero in texts.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=9, minutes=30))])
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001
ROWS = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.none() | TEXTS,
    st.none() | st.uuids() | st.uuids().map(lambda ident: pgproto.UUID(ident.bytes)),
    st.none() | st.floats(allow_nan=False),
    st.none() | TIMES,
    st.none() | st.dictionaries(TEXTS, TEXTS | st.booleans() | st.lists(TEXTS)).map(json.dumps),
    st.booleans(),
)


async def test_what_is_copied_is_read_back(works: Works) -> None:
    rows: list[tuple[Any, ...]] = []

    @settings(max_examples=500, deadline=None, database=None)
    @given(ROWS)
    def take(row: tuple[Any, ...]) -> None:
        rows.append(row)

    take()
    writers = [write for _, write in COLUMNS.values()]
    packed = (b"".join(write(value) for write, value in zip(writers, row, strict=True)) for row in rows)
    async with works.for_system("test") as work:
        columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
        await work.connection.execute(f"CREATE TEMP TABLE copied (place serial, {columns})")
        await copying.copy(work.connection, "copied", list(COLUMNS), packed)
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        found = await work.connection.fetch(f"SELECT {names} FROM copied ORDER BY place")
        await work.connection.execute("DROP TABLE copied")
    assert [tuple(row) for row in found] == rows


async def test_nothing_is_stored_of_rows_of_which_one_is_refused(works: Works, community: UUID) -> None:
    rows = [
        copying.as_uuid(UUID(int=number)) + copying.as_uuid(community) + copying.as_text(body)
        for number, body in enumerate(("good", "bad"))
    ]
    with pytest.raises(asyncpg.CheckViolationError):
        async with works.for_system("test") as work:
            await copying.copy(work.connection, "notes", ("id", "community_id", "body"), rows)
    async with works.for_system("test") as work:
        assert await work.connection.fetchval("SELECT count(*) FROM notes") == 0


async def test_a_request_cannot_copy_past_its_policies(works: Works, community: UUID) -> None:
    with pytest.raises(asyncpg.FeatureNotSupportedError, match="row-level security"):
        async with works.for_request("a", community) as work:
            rows = [copying.as_uuid(UUID(int=1)) + copying.as_uuid(community) + copying.as_text("mine")]
            await copying.copy(work.connection, "notes", ("id", "community_id", "body"), rows)
