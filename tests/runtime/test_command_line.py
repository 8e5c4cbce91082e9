"""The commands of a service: what each does, and the one sentence a user gets when it cannot."""

import json
import subprocess
import sys

import asyncpg
import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.embedded.databases import DatabaseUrls, blocking
from services.parking.app import SERVICE as PARKING
from services.volunteer.app import SERVICE as VOLUNTEER
from shared.database.migration import expected_revision
from shared.runtime.command_line import activities_of, command_line
from shared.runtime.parts import Service
from shared.runtime.running import EVERYTHING, Activity
from shared.runtime.settings import ServiceSettings, example_settings
from tests.runtime.processes import environment_of


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with nothing of ours in it."""
    for name in (*ServiceSettings.model_fields, "database_owner_url"):
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def command(service: Service, *arguments: str, **environment: str) -> Result:
    """Runs a command of a service in this process."""
    return CliRunner().invoke(command_line(service), arguments, env=environment)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("service", [PARKING, VOLUNTEER], ids=lambda service: service.name)
def test_migrate_makes_an_empty_database_whole_and_repeats_harmlessly(
    empty_database: DatabaseUrls, service: Service
) -> None:
    for _ in range(2):
        done = command(service, "migrate", DATABASE_OWNER_URL=empty_database.owner_url)
        assert done.exit_code == 0, done.stderr
        newest = expected_revision(service.migrations)
        assert done.stdout == f"{service.name}: the database is at revision {newest}\n"
    assert blocking(unguarded(empty_database.url)) == []


async def unguarded(url: str) -> list[str]:
    """The tables with tenants' rows that row-level security does not bind."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        """
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'community_id'
        WHERE relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
        """
    )
    await connection.close()
    return [row["relname"] for row in rows]


@pytest.mark.usefixtures("clean")
def test_migrate_without_a_database_says_so_in_a_sentence() -> None:
    missing = command(PARKING, "migrate")
    assert missing.exit_code == 2
    assert "DATABASE_OWNER_URL (the role that owns the tables) is not set; for example" in missing.stderr
    url = "postgresql://linli_owner:hidden@127.0.0.1:1/linli_parking"
    away = command(PARKING, "migrate", DATABASE_OWNER_URL=url)
    assert away.exit_code == 2
    assert away.stderr.startswith("the database cannot be reached: ")
    assert "hidden" not in away.stderr


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("service", [PARKING, VOLUNTEER], ids=lambda service: service.name)
def test_the_api_is_described_without_any_server(service: Service) -> None:
    done = command(service, "openapi")
    assert done.exit_code == 0, done.stderr
    described = json.loads(done.stdout)
    assert described["openapi"].startswith("3.1")
    assert {"/health/live", "/health/ready", "/metrics"} < set(described["paths"])


@pytest.mark.usefixtures("clean")
def test_the_module_is_the_command_and_names_all_settings_it_lacks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.parking", "serve"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL", "KAFKA_BOOTSTRAP_SERVERS", "OIDC_ISSUER"):
        assert f"  {name} (" in done.stderr


def test_giving_up_a_letter_needs_its_name() -> None:
    settings = example_settings(ServiceSettings)
    done = command(PARKING, "redeliver", "--discard", **environment_of(settings))
    assert done.exit_code == 2
    assert "name the letter to discard" in done.stderr


def test_only_names_activities() -> None:
    assert activities_of(None) == EVERYTHING
    assert activities_of("api, relay") == {Activity.api, Activity.relay}
    with pytest.raises(typer.BadParameter, match="choose of api, consumer, relay, schedule"):
        activities_of("api,web")
