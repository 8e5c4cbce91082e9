"""Notify as a served process, and a client of it that works in a community of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify.app import SERVICE
from services.notify.settings import NotifySettings
from services.notify.usecases.install_defaults import install_defaults
from services.notify.usecases.plan_messages import plan_messages
from shared.contracts import Assignee, Event
from shared.database.work import Works
from shared.identifiers import new_id
from shared.runtime.clock import jump
from shared.runtime.running import Activity, Running, running
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.notify.stage import MORNING, PHONE_KEYS, PROVIDER_KEY, RECEIPT_SECRET, assigned

CANARY = "13812345678"
SETTINGS: dict[str, Any] = {
    "sms_provider_url": "http://127.0.0.1:9",
    "push_provider_url": "http://127.0.0.1:9",
    "sms_provider_key": PROVIDER_KEY,
    "push_provider_key": PROVIDER_KEY,
    "callback_url": "http://127.0.0.1:9",
    "receipt_keys": f"phones:{RECEIPT_SECRET}",
    "phone_keys": PHONE_KEYS,
}


@dataclass
class Api:
    """A client of a served notify, and its works for what only events do."""

    http: httpx.AsyncClient
    issuer: Issuer
    works: Works
    community: UUID

    def of(self, person: str, *roles: str, community: UUID | None = None) -> dict[str, str]:
        return self.issuer.headers(person, {community or self.community: roles})

    async def plan(
        self, person: str, case: UUID | None = None, reporter: str | None = None
    ) -> dict[str, Any]:
        """Plan what an assignment says, and give the assignee's message."""
        fact = assigned(case or uuid4(), Assignee(person=person), reporter)
        event = Event(
            id=new_id(), source="/linli/issues", time=self.works.clock.now(), community=self.community,
            sequence=2, data=fact, traceparent="00-" + "ab" * 16 + "-" + "cd" * 8 + "-01",
        )  # fmt: skip
        async with self.works.for_system("test") as work:
            await plan_messages(work, [event])
        headers = self.of("op", "operator")
        listed = await self.http.get("/messages", params={"person": person}, headers=headers)
        message: dict[str, Any] = listed.json()["items"][0]
        return message


@pytest.fixture(scope="module")
async def served(
    module_databases: Databases, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """One notify for all tests here: each works in a community of its own, where it is morning."""
    urls = module_databases("notify")
    clock = tmp_path_factory.mktemp("clock") / "clock.json"
    jump(clock, MORNING)
    settings = NotifySettings(
        **SETTINGS,
        database_url=urls.url,
        database_system_url=urls.system_url,
        kafka_bootstrap_servers="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_jwks_url=issuer.jwks_url,
        port=0,
        clock_file=clock,
    )
    async with running(SERVICE, settings, only={Activity.api}) as served:
        async with served.context.works.for_system("test") as work:
            await install_defaults(work)
        yield served


@pytest.fixture
async def api(served: Running, issuer: Issuer) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, verify=False) as http:
        yield Api(http, issuer, served.context.works, uuid4())
