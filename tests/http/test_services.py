"""What holds of every service's application, whatever it serves."""

import importlib
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import services
from shared.runtime.running import application_of
from tests.http.assertions import assert_declared, assert_documented, assert_guarded

pytestmark = pytest.mark.anyio
NAMES = sorted(page.parent.name for page in Path(services.__path__[0]).glob("*/app.py"))


@pytest.mark.parametrize("name", NAMES)
async def test_every_route_has_a_policy_and_a_page(name: str) -> None:
    async with AsyncExitStack() as stack:
        app = await application_of(stack, importlib.import_module(f"services.{name}.app").SERVICE)
        assert_guarded(app)
        assert_documented(app)
        assert_declared(app)
