"""The pretended app of a city: it reports row by row and repeats with the same key until it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.demo.access import Access
from deploy.replay.city import CATEGORIES, caller
from deploy.replay.preparing import INTAKE
from deploy.replay.recorded import Row

AT_ONCE: Final = 16
CITY_ZONE: Final = ZoneInfo("America/Los_Angeles")


class App:
    """Reports rows in their order, `AT_ONCE` under way; `reach` is called before the row of each position."""

    def __init__(
        self, access: Access, districts: Mapping[str, UUID], reach: Callable[[int], Awaitable[None]]
    ) -> None:
        self._access = access
        self._districts = districts
        self._reach = reach
        self.unanswered = 0

    async def report(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Send every row and give the answers in the rows' order."""
        answers: list[dict[str, Any]] = [{} for _ in rows]
        positions = iter(range(len(rows)))

        async def one_after_another() -> None:
            for position in positions:
                await self._reach(position)
                answers[position] = await self._one(position, rows[position])

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_another())
        return answers

    async def _one(self, position: int, row: Row) -> dict[str, Any]:
        self.unanswered += 1
        try:
            answer = await self._access.send(
                INTAKE,
                "POST",
                f"{self._access.addresses.issues}/reports",
                key=f"app-{row['SRNumber']}",
                json=self._body(position, row),
            )
        finally:
            self.unanswered -= 1
        reported: dict[str, Any] = answer.json()
        return reported

    def _body(self, position: int, row: Row) -> dict[str, Any]:
        reporter = caller(position, row)
        taken_down = datetime.strptime(row["CreatedDate"], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=CITY_ZONE)
        body: dict[str, Any] = {
            "category": CATEGORIES[row["RequestType"]][0],
            "description": f"{row['RequestType']} ({row['RequestSource']})",
            "reported_at": taken_down.isoformat(),
            "place": str(self._districts[row["CD"]]) if row["CD"] in self._districts else None,
        }
        if row["Latitude"]:
            body["position"] = {"latitude": float(row["Latitude"]), "longitude": float(row["Longitude"])}
        return body | ({"anonymous": True} if reporter is None else {"reporter": reporter.person})
