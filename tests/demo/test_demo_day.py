"""The whole demo against the services at work: loaded once, found the second time, and its days ring."""

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.demo.access import Access, Addresses
from deploy.demo.day.telling import STORIES, play_day
from deploy.demo.loading import COMMUNITY, load_town
from deploy.demo.town.making import Town, make_town
from deploy.simulators.identity.grants import DEVELOPMENT_GRANTS
from deploy.simulators.identity.running import run_identity
from services.issues.app import SERVICE as ISSUES
from services.notify.app import SERVICE as NOTIFY
from services.parking.app import SERVICE as PARKING
from services.volunteer.app import SERVICE as VOLUNTEER
from shared.messaging.settings import KafkaSettings
from shared.runtime.running import running
from tests.fixtures.services import MakeSettings
from tests.simulators.conftest import KEY, SECRET, free_port, running_phones

TITLES = [story.TITLE for story in STORIES]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


@asynccontextmanager
async def running_identity(folder: Path, kafka: KafkaSettings) -> AsyncIterator[str]:
    port = free_port()
    serving = asyncio.create_task(run_identity(port, folder, DEVELOPMENT_GRANTS, kafka, signals=False))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


@pytest.fixture
async def access(
    service_settings: MakeSettings, kafka_settings: KafkaSettings, tmp_path: Path, clock: Path
) -> AsyncIterator[Access]:
    """Somebody who knows where everything is, and nothing else."""
    port = free_port()
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(running_identity(tmp_path / "identity", kafka_settings))
        phones = stack.enter_context(running_phones(tmp_path / "phones.jsonl"))
        verifying = {"oidc_issuer": identity, "oidc_jwks_url": None, "clock_file": clock}
        others = [
            await stack.enter_async_context(running(service, service_settings(service.name, **verifying)))
            for service in (ISSUES, PARKING, VOLUNTEER)
        ]
        settings = service_settings(
            "notify",
            **verifying,
            port=port,
            sms_provider_url=phones.url,
            sms_provider_key=KEY,
            push_provider_url=phones.url,
            push_provider_key=KEY,
            callback_url=f"http://127.0.0.1:{port}",
            receipt_keys=f"one:{SECRET}",
            phone_keys="k1:" + base64.b64encode(bytes(32)).decode(),
        )
        notify = await stack.enter_async_context(running(NOTIFY, settings))
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
        issues, parking, volunteer = (service.url for service in others)
        addresses = Addresses(identity, issues, notify.url, phones.url, parking, volunteer)
        yield Access(client, addresses, COMMUNITY)


@pytest.fixture
def town() -> Town:
    return make_town()


async def test_the_demo_loads_once_and_its_day_rings(access: Access, town: Town, clock: Path) -> None:
    said: list[str] = []
    await load_town(access, town, said.append)
    assert any(re.search(rf"places +{len(town.places)} created", line) for line in said)
    assert any(re.search(rf"contacts +{len(town.contacts)} stored", line) for line in said)
    await _again(access, town)
    for _ in range(2):  # the second day's begins where the first has left things
        story: list[str] = []
        times = await play_day(access, town, clock, story.append)
        assert all(0 < seconds < 20 for seconds in times)
        told = "\n".join(story)
        assert [title for title in TITLES if title not in told] == []
        assert "reported, assigned, overdue, assigned, resolved, checked, closed, rated" in told
        assert "0 open, 0 late" in told
    await _receipts_arrive(access)


async def _again(access: Access, town: Town) -> None:
    """The second time nothing is new, and that is soon clear."""
    said: list[str] = []
    began = time.monotonic()
    await load_town(access, town, said.append)
    assert time.monotonic() - began < 10
    assert not [line for line in said if re.search("created|stored|[1-9][0-9]* put|registered", line)]


async def _receipts_arrive(access: Access) -> None:
    async with asyncio.timeout(20):
        while True:
            summary = (await access.client.get(f"{access.addresses.phones}/ledger/summary")).json()
            assert summary["refused"] == summary["rejected"] == 0
            if summary["receipts"] == summary["messages"]:
                return
            await asyncio.sleep(0.1)
