"""Whether a process can do its work now: its database is there, with the migrations that its code needs."""

import asyncio
import time
from pathlib import Path

from shared.database.migration import current_revision, expected_revision
from shared.database.pool import Database
from shared.errors import DATABASE_ERRORS
from shared.telemetry.logs import log

TIMEOUT_SECONDS = 2.0
REMEMBERED_SECONDS = 0.5


class Readiness:
    """Answers for one process; asked more often than it can change, it repeats the last answer.

    A broker that is away does not count: writes are still accepted and go out later.
    """

    def __init__(self, service: str, migrations: Path, database: Database) -> None:
        self._service = service
        self._needed = expected_revision(migrations)
        self._database = database
        self._asked = asyncio.Lock()
        self._asking: asyncio.Task[str | None] | None = None
        self._answer: str | None = None
        self._until = 0.0

    async def problem(self) -> str | None:
        """What keeps the process from being ready, in words for its operator; None when nothing does."""
        async with self._asked:
            if time.monotonic() >= self._until:
                self._answer = await self._look()
                self._until = time.monotonic() + REMEMBERED_SECONDS
        return self._answer

    async def reached(self) -> None:
        """Waits until nothing keeps the process from being ready, and tells its operator what does."""
        told = None
        while (problem := await self.problem()) is not None:
            if problem != told:
                log.warning("waiting to be ready", problem=problem)
            told = problem
            await asyncio.sleep(REMEMBERED_SECONDS)

    async def _look(self) -> str | None:
        # A cancelled query would wait for a server that hangs: so it goes on, and the next look has it.
        asking = self._asking = self._asking or asyncio.create_task(current_revision(self._database.system))
        await asyncio.wait({asking}, timeout=TIMEOUT_SECONDS)
        if not asking.done():
            return f"the database cannot be used: no answer within {TIMEOUT_SECONDS:g} s"
        self._asking = None
        try:
            found = asking.result()
        except DATABASE_ERRORS as error:
            said = str(error) or "no answer"
            return f"the database cannot be used: {type(error).__name__}: {said}"
        if found is None or found < self._needed:  # a newer one is a deployment under way
            return (
                f"the database is at revision {found or 'none'} and this code needs {self._needed}: "
                f"run `python -m services.{self._service} migrate`"
            )
        return None
