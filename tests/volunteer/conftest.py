"""Volunteer at work in this process, on the run's real servers, with two communities that must never meet."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from services.volunteer.app import SERVICE
from shared.identifiers import new_id
from shared.runtime.running import Activity, Running, running
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings

HERE, THERE = new_id(), new_id()


@dataclass(frozen=True)
class Volunteering:
    """A running service with what a test needs to use it as a stranger would."""

    service: Running
    issuer: Issuer

    def client(self, person: str, *roles: str, community: UUID = HERE) -> httpx.AsyncClient:
        headers = self.issuer.headers(person, {community: roles})
        return httpx.AsyncClient(base_url=self.service.url, headers=headers)


@pytest.fixture
async def volunteering(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Volunteering]:
    """Its API and relay."""
    only = (Activity.api, Activity.relay)
    async with running(SERVICE, service_settings("volunteer"), only) as service:
        yield Volunteering(service, issuer)
