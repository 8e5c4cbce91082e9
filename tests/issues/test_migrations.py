"""What a database of an earlier version holds is there after the migration."""

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.embedded.databases import DatabaseUrls
from services.issues.app import SERVICE
from shared.database.migration import upgrade
from shared.identifiers import new_id

pytestmark = pytest.mark.anyio
ASSIGNED = {"assignee": {"person": None, "role": "guard", "place": None, "volunteers": False}, "rule": "vans"}
TOWN = new_id()
HISTORIES: dict[str, list[tuple[str | None, str, dict[str, Any] | None]]] = {
    "dispatched": [("rita", "reported", None), ("dispatch", "assigned", ASSIGNED), ("gus", "started", None)],
    "anonymous": [(None, "reported", None), ("dispatch", "assigned", ASSIGNED)],
    "screened": [("rita", "reported", None), ("olive", "accepted", None), ("dispatch", "assigned", ASSIGNED)],
    "refused": [("rita", "reported", None), ("olive", "refused", None)],
    "imported": [("old-system", "imported", None), ("olive", "assigned", {"assignee": ASSIGNED["assignee"]})],
}


async def _store(connection: asyncpg.Connection, case: UUID, name: str) -> None:
    source = "old" if name == "imported" else None
    await connection.execute(
        """
        INSERT INTO cases (id, community_id, category, priority, state, description, reported_at, source,
                           external_id, version)
        VALUES ($1, $2, 'van', 'ordinary', 'assigned', $3, now(), $4, $4, 3)
        """,
        case,
        TOWN,
        name,
        source,
    )
    for version, (actor, change, detail) in enumerate(HISTORIES[name], start=1):
        await connection.execute(
            """
            INSERT INTO case_entries (case_id, version, community_id, at, actor, change, detail)
            SELECT id, $2, community_id, reported_at, $3, $4, $5 FROM cases WHERE id = $1
            """,
            case,
            version,
            actor,
            change,
            None if detail is None else json.dumps(detail),
        )


async def test_histories_stay_as_they_were(tmp_path: Path, empty_database: DatabaseUrls) -> None:
    for file in SERVICE.migrations.glob("[0-9]*.py"):
        if file.name < "0011":
            shutil.copy(file, tmp_path)
    await upgrade(tmp_path, empty_database.owner_url)
    system = await asyncpg.connect(empty_database.system_url)
    cases = {name: new_id() for name in HISTORIES}
    for name, case in cases.items():
        await _store(system, case, name)
    await upgrade(SERVICE.migrations, empty_database.owner_url)
    for name, case in cases.items():
        rows = await system.fetch(
            """
            SELECT history.*, reported_at FROM case_history AS history JOIN cases ON cases.id = case_id
            WHERE case_id = $1 ORDER BY history.version
            """,
            case,
        )
        assert [
            (row["actor"], row["change"], None if row["detail"] is None else json.loads(row["detail"]))
            for row in rows
        ] == HISTORIES[name]
        assert [row["version"] for row in rows] == [*range(1, len(rows) + 1)]
        assert {(row["community_id"], row["at"]) for row in rows} == {(TOWN, rows[0]["reported_at"])}
    await system.close()
