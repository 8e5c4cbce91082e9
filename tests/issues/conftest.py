"""The service of issues in this process, on the run's real servers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.issues.app import SERVICE
from services.issues.settings import IssuesSettings
from shared.messaging.settings import KafkaSettings
from shared.runtime.running import Running, running
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.issues.town import Town

CLAIM_KEYS = "the present key of claim codes,a former key of claim codes"


@pytest.fixture(scope="module")
async def issues(
    module_databases: Databases,
    module_kafka_settings: KafkaSettings,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    """The service, shared by the tests of a module."""
    urls = module_databases("issues")
    settings = IssuesSettings(
        database_url=urls.url,
        database_system_url=urls.system_url,
        kafka_bootstrap_servers=module_kafka_settings.bootstrap_servers,
        kafka_topic_prefix=module_kafka_settings.topic_prefix,
        claim_keys=CLAIM_KEYS,
        photos_url=f"file:{tmp_path_factory.mktemp('photos')}",
        oidc_issuer=issuer.url,
        oidc_jwks_url=issuer.jwks_url,
        port=0,
    )
    async with running(SERVICE, settings) as service:
        yield service


@pytest.fixture
async def town(issues: Running, issuer: Issuer) -> AsyncIterator[Town]:
    """A new community with one category and its command room as the fallback owner."""
    async with httpx.AsyncClient(base_url=issues.url, verify=False) as client:
        town = Town(issues, client, issuer)
        await town.found()
        await town.category("fire-lane")
        yield town
