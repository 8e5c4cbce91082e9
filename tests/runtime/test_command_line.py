"""The commands of a service: what each does, and the one sentence a user gets when it cannot."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import asyncpg
import pytest
import typer

from deploy.embedded.databases import DatabaseUrls
from shared.runtime.command_line import activities_of
from shared.runtime.running import EVERYTHING, Activity


def command(
    *arguments: str, service: str = "parking", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Runs a command with nothing of ours in its environment but what is given."""
    clean: Mapping[str, str] = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "KAFKA_", "OIDC_"))
    }
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.anyio
@pytest.mark.parametrize("service", ["parking", "volunteer"])
async def test_migrate_makes_an_empty_database_whole_and_repeats_harmlessly(
    empty_database: DatabaseUrls, service: str
) -> None:
    for _ in range(2):
        done = command("migrate", service=service, DATABASE_OWNER_URL=empty_database.owner_url)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{service}: the database is at revision 0001\n"
    connection = await asyncpg.connect(empty_database.url)
    unguarded = await connection.fetch(
        """
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'community_id'
        WHERE relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
        """
    )
    await connection.close()
    assert unguarded == []


def test_migrate_without_a_database_says_so_in_a_sentence() -> None:
    missing = command("migrate")
    assert missing.returncode == 2
    assert "DATABASE_OWNER_URL (the role that owns the tables) is not set; for example" in missing.stderr
    away = command("migrate", DATABASE_OWNER_URL="postgresql://linli_owner:hidden@127.0.0.1:1/linli_parking")
    assert away.returncode == 2
    assert away.stderr.startswith("the database cannot be reached: ")
    assert "hidden" not in away.stderr


@pytest.mark.parametrize("service", ["parking", "volunteer"])
def test_the_api_is_described_without_any_server(service: str) -> None:
    done = command("openapi", service=service)
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout)
    assert described["openapi"].startswith("3.1")
    assert {"/health/live", "/health/ready", "/metrics"} < set(described["paths"])


def test_serve_without_settings_names_them_all() -> None:
    done = command("serve")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL", "KAFKA_BOOTSTRAP_SERVERS", "OIDC_ISSUER"):
        assert f"  {name} (" in done.stderr


def test_only_names_activities() -> None:
    assert activities_of(None) == EVERYTHING
    assert activities_of("api, relay") == {Activity.api, Activity.relay}
    with pytest.raises(typer.BadParameter, match="choose of api, consumer, relay, schedule"):
        activities_of("api,web")
