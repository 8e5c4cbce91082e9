"""Migrations: forward, all or nothing, once however many start them."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.databases import DatabaseUrls
from shared.database.migration import current_revision, expected_revision, upgrade
from shared.database.pool import Database

pytestmark = pytest.mark.anyio

REVISION = """
from shared.database.migration import execute

revision = "{number}"
down_revision = {previous}
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute({statements})
"""


def _write(folder: Path, number: str, previous: str | None, *statements: str) -> None:
    text = REVISION.format(number=number, previous=repr(previous), statements=repr(statements))
    (folder / f"{number}_step.py").write_text(text)


async def test_a_second_starter_waits_and_finds_it_done(
    tmp_path: Path, addresses: DatabaseUrls, database: Database
) -> None:
    _write(
        tmp_path,
        "0001",
        None,
        "CREATE TABLE steps (step int)",
        "INSERT INTO steps VALUES (1)",
        "GRANT SELECT ON steps TO linli_system",
    )
    _write(tmp_path, "0002", "0001", "INSERT INTO steps VALUES (2)")
    assert await current_revision(database.system) is None
    await asyncio.gather(upgrade(tmp_path, addresses.owner_url), upgrade(tmp_path, addresses.owner_url))
    assert await database.system.fetchval("SELECT array_agg(step ORDER BY step) FROM steps") == [1, 2]
    assert await current_revision(database.system) == expected_revision(tmp_path) == "0002"


async def test_a_failing_statement_keeps_nothing_of_its_run(tmp_path: Path, addresses: DatabaseUrls) -> None:
    _write(tmp_path, "0001", None, "CREATE TABLE kept (step int)", "SELECT nonsense")
    with pytest.raises(Exception, match="nonsense"):
        await upgrade(tmp_path, addresses.owner_url)
    owner = await asyncpg.connect(addresses.owner_url)
    assert await owner.fetchval("SELECT to_regclass('kept')") is None
    await owner.close()
