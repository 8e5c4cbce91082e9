"""A service in this process with its API alone, on a database of its own, and two furnished communities."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import services
from shared.runtime.running import Activity, running
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.notify.served import SETTINGS
from tests.worlds.recording import World, asking

SERVICES = sorted(page.parent.name for page in Path(services.__path__[0]).glob("*/app.py"))
OWN_SETTINGS: dict[str, dict[str, Any]] = {
    "issues": {"claim_keys": "a key of claim codes", "photos_url": "memory:"},
    "notify": SETTINGS,
}


@asynccontextmanager
async def two_worlds(name: str, databases: Databases, issuer: Issuer) -> AsyncIterator[tuple[World, World]]:
    """Run a service and call every route of it in two communities."""
    service = importlib.import_module(f"services.{name}.app").SERVICE
    urls = databases(name)
    settings = service.settings(
        database_url=urls.url,
        database_system_url=urls.system_url,
        kafka_bootstrap_servers="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_jwks_url=issuer.jwks_url,
        port=0,
        **OWN_SETTINGS.get(name, {}),
    )
    furnish = importlib.import_module(f"tests.worlds.{name}").furnish
    async with running(service, settings, {Activity.api}) as at_work, asking(at_work) as client:
        worlds = World(at_work, client, issuer), World(at_work, client, issuer)
        for world in worlds:
            await furnish(world)
        yield worlds
