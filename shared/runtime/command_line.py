"""What `python -m services.<name>` offers; each command explains its own failure in a sentence."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from shared.errors import NotFound
from shared.runtime.listening import CannotListenError
from shared.runtime.parts import Service
from shared.runtime.running import EVERYTHING, Activity, describe
from shared.runtime.settings import MigrationSettings, WrongSettings, read_settings
from shared.telemetry.logs import configure_logs

_CHOICES = ", ".join(Activity)
Only = Annotated[str | None, typer.Option(help=f"Comma-separated, of {_CHOICES}; without it all of them.")]

Letter = Annotated[UUID | None, typer.Argument(help="Its id, as dead-letters lists it; without it all.")]
Discard = Annotated[
    bool, typer.Option("--discard", help="Give the letter up; put back what waits behind it.")
]
Most = Annotated[int, typer.Option(min=1, help="How many at most.")]


def command_line(service: Service) -> typer.Typer:
    """The commands of a service."""
    commands = typer.Typer(
        name=service.name,
        help=service.title,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    _add_running(commands, service)
    _add_mending(commands, service)
    return commands


def _add_running(commands: typer.Typer, service: Service) -> None:
    @commands.command()
    def serve(only: Only = None) -> None:
        """Run the service until Ctrl-C or SIGTERM."""
        from shared.runtime.serving import serve as run

        activities = activities_of(only)
        with _explained():
            raise typer.Exit(run(service, read_settings(service.settings), activities))

    @commands.command()
    def migrate() -> None:
        """Bring the database to the revision that this code needs."""
        from shared.database.migration import expected_revision
        from shared.database.migration import run as run_migrations

        with _explained():
            run_migrations(service.migrations, read_settings(MigrationSettings).database_owner_url)
        typer.echo(f"{service.name}: the database is at revision {expected_revision(service.migrations)}")

    @commands.command()
    def openapi() -> None:
        """Print the description of the HTTP API as JSON; needs no server."""
        typer.echo(json.dumps(asyncio.run(_described(service)), ensure_ascii=False, indent=2))


def _add_mending(commands: typer.Typer, service: Service) -> None:
    @commands.command()
    def dead_letters(most: Most = 100) -> None:
        """List the oldest records that could not be taken in, and why."""
        from shared.runtime.mending import tell_dead_letters

        with _explained():
            lines = asyncio.run(tell_dead_letters(service, read_settings(service.settings), most))
        typer.echo("\n".join(lines))

    @commands.command()
    def redeliver(letter: Letter = None, discard: Discard = False) -> None:
        """Put dead letters and what waits behind them back in order: all of them, or the one named."""
        from shared.runtime import mending

        with _explained():
            settings = read_settings(service.settings)
            if discard and letter is None:
                raise typer.BadParameter("name the letter to discard", param_hint="--discard")
            configure_logs(service.name, settings.log_level, sys.stderr.buffer)
            outcome = asyncio.run(
                mending.discard(service, settings, letter)
                if discard and letter
                else mending.redeliver(service, settings, letter)
            )
        typer.echo(f"{outcome.done} put back, {outcome.dead} dead still")


def activities_of(only: str | None) -> frozenset[Activity]:
    """What `--only` names; raises typer.BadParameter with the choices."""
    if only is None:
        return EVERYTHING
    try:
        return frozenset(Activity(name.strip()) for name in only.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; choose of {_CHOICES}", param_hint="--only") from error


async def _described(service: Service) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        return await describe(stack, service)


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what the user can mend into a sentence on stderr and exit code 2; anything else is our fault."""
    try:
        yield
    except (WrongSettings, CannotListenError, NotFound) as error:
        typer.echo(str(error.args[-1]), err=True)
        raise typer.Exit(2) from None
    except (ConnectionError, TimeoutError, asyncpg.PostgresConnectionError) as error:
        typer.echo(f"the database cannot be reached: {error}", err=True)
        raise typer.Exit(2) from None
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        typer.echo(f"the database refuses: {error}", err=True)
        raise typer.Exit(2) from None
