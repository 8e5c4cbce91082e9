"""Parking at work in this process, on the run's real servers, with two communities that must never meet."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from services.parking.app import SERVICE
from services.parking.usecases.project_households import project_households
from shared.contracts import Event, Fact, HouseholdEnded, HouseholdRegistered
from shared.identifiers import new_id
from shared.runtime.running import Activity, Running, running
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings

HERE, THERE = new_id(), new_id()

MakeClient = Callable[..., httpx.AsyncClient]


@dataclass(frozen=True)
class Parking:
    """A running service with what a test needs to use it as a stranger would."""

    service: Running
    issuer: Issuer

    def client(self, person: str = "wang", community: UUID = HERE, *roles: str) -> httpx.AsyncClient:
        headers = self.issuer.headers(person, {community: roles or ("property",)})
        return httpx.AsyncClient(base_url=self.service.url, headers=headers, verify=False)

    async def tell(self, *events: Event[Fact]) -> None:
        """Hands events to the projection as the consumer does: one chunk, one transaction."""
        async with self.service.context.works.for_system("test") as work:
            await project_households(work, events)


def household_registered(
    household: UUID, sequence: int = 1, community: UUID = HERE
) -> Event[HouseholdRegistered]:
    fact = HouseholdRegistered(household=household, unit=new_id(), persons=("li",))
    return Event(new_id(), "/linli/issues", datetime.now(UTC), community, sequence, fact)


def household_ended(household: UUID, sequence: int, community: UUID = HERE) -> Event[HouseholdEnded]:
    fact = HouseholdEnded(household=household)
    return Event(new_id(), "/linli/issues", datetime.now(UTC), community, sequence, fact)


@asynccontextmanager
async def parking_at_work(
    make_settings: MakeSettings, issuer: Issuer, *only: Activity
) -> AsyncIterator[Parking]:
    async with running(SERVICE, make_settings("parking", only), only) as service:
        yield Parking(service, issuer)


@pytest.fixture
async def parking(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Parking]:
    """Its API, relay and schedule."""
    async with parking_at_work(
        service_settings, issuer, Activity.api, Activity.relay, Activity.schedule
    ) as at_work:
        yield at_work


@pytest.fixture
async def api_alone(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Parking]:
    """Its API alone: the tests are the clock, and the outbox keeps what was said."""
    async with parking_at_work(service_settings, issuer, Activity.api) as at_work:
        yield at_work


@pytest.fixture
async def household(parking: Parking) -> UUID:
    """A household that the register has told of."""
    made = new_id()
    await parking.tell(household_registered(made))
    return made
