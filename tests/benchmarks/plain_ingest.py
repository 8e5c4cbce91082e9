"""What ingest is measured against: the usual FastAPI and asyncpg service, written plainly and with care.

One request is one transaction with two inserts, the case and its outbox row. Edge, token check, server and
table are the same as ours; there is no dispatch, history or batch.
"""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import BaseModel

from services.issues.api.reports import ReportIn
from services.issues.settings import IssuesSettings
from shared.contracts import Event, IssueReported
from shared.http.call import Requested
from shared.http.routing import router
from shared.identifiers import new_id
from shared.messaging.envelope import to_row
from shared.runtime.clock import Clock
from shared.runtime.command_line import command_line
from shared.runtime.parts import Context, Parts, Service
from shared.security.policy import members

POOL = 20
_CASE = """
INSERT INTO cases (id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
                   description, reported_at, device_reported_at, due_at, version)
VALUES ($1, $2, $3, $4, $5, $6, 'ordinary', 'reported', $7, $8, $9, $10, $11, 1)"""
_OUTBOX = "INSERT INTO outbox (topic, key, records) VALUES ($1, $2, $3)"


class Reported(BaseModel):
    """The plain answer."""

    id: str
    state: str


async def store(pool: "asyncpg.Pool[asyncpg.Record]", event: Event[IssueReported], report: ReportIn) -> None:
    """Write the case and its event in one transaction."""
    case = event.data
    position = report.position
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            _CASE,
            case.case,
            event.community,
            case.category,
            case.place,
            position.latitude if position else None,
            position.longitude if position else None,
            case.reporter,
            report.description,
            case.reported_at,
            report.reported_at,
            case.due_at,
        )
        await connection.execute(_OUTBOX, *to_row(event))


def event_of(report: ReportIn, community: Any, person: str, clock: Clock, trace: str | None) -> Event[Any]:
    """Make the event of one report."""
    now = clock.now()
    fact = IssueReported(
        case=new_id(),
        category=report.category,
        place=report.place,
        priority="ordinary",
        state="reported",
        reporter=person,
        reported_at=now,
        due_at=now + timedelta(minutes=120),
    )
    return Event(new_id(), "/linli/issues", now, community, 1, fact, traceparent=trace)


async def compose(stack: AsyncExitStack, context: Context) -> Parts:
    """One route."""
    pool = asyncpg.create_pool(context.settings.database_system_url, min_size=0, max_size=POOL)
    await stack.enter_async_context(pool)
    routes = router("/reports", "cases")

    @routes.post("", status_code=201, response_model=Reported)
    @members()
    async def report(body: ReportIn, call: Requested) -> Reported:
        event = event_of(body, call.community, call.actor.person, context.clock, call.traceparent)
        await store(pool, event, body)
        return Reported(id=str(event.data.case), state="reported")

    return Parts(routers=(routes,))


SERVICE = Service(
    name="plain",
    title="Plain ingest",
    settings=IssuesSettings,
    migrations=Path(__file__).parents[2] / "services" / "issues" / "migrations",
    errors={},
    compose=compose,
)

if __name__ == "__main__":
    command_line(SERVICE)()
