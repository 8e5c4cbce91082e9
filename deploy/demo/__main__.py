"""`python -m deploy.demo`: the demo community and its day; `load` or `day` does one of them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer

from deploy.demo.access import Access, Addresses
from deploy.demo.failures import DemoFailed
from deploy.demo.loading import COMMUNITY, load_town
from deploy.demo.town.making import Town, make_town

Act = Callable[[Access, Town], Awaitable[None]]

command_line = typer.Typer(help=__doc__, add_completion=False)


@command_line.callback(invoke_without_command=True)
def addresses(
    context: typer.Context,
    identity: Annotated[str, typer.Option(envvar=["IDENTITY_URL", "OIDC_ISSUER"])],
    issues: Annotated[str, typer.Option(envvar="ISSUES_URL")],
    parking: Annotated[str, typer.Option(envvar="PARKING_URL")],
    volunteer: Annotated[str, typer.Option(envvar="VOLUNTEER_URL")],
    notify: Annotated[str, typer.Option(envvar="NOTIFY_URL")],
    phones: Annotated[str, typer.Option(envvar="PHONES_URL", help="the simulated phones")],
) -> None:
    """Loads the demo community and plays its day: both without a command, else the named one."""
    context.obj = Addresses(identity, issues, notify, phones, parking, volunteer)
    if context.invoked_subcommand is None:
        _run(context.obj, _load, _play)


@command_line.command()
def load(context: typer.Context) -> None:
    """Loads the demo community; quick when it is there already."""
    _run(context.obj, _load)


@command_line.command()
def day(context: typer.Context) -> None:
    """Plays the demo day and prints it as it happens; business time moves on with it."""
    _run(context.obj, _play)


async def _load(access: Access, town: Town) -> None:
    _say(f"Loading the demo community {COMMUNITY}")
    await load_town(access, town, _say)


async def _play(access: Access, town: Town) -> None:
    from deploy.demo.day.telling import play_day

    _say("The demo day")
    clock = os.environ.get("CLOCK_FILE")
    if clock is None:
        raise DemoFailed(
            "the demo day", "CLOCK_FILE is not set", "name the file by which the suite's time jumps"
        )
    times = sorted(await play_day(access, town, Path(clock), _say))
    middle, slowest = times[len(times) // 2], times[-1]
    _say(f"{len(times)} messages reached their phones: median {middle:.2f} s, slowest {slowest:.2f} s.")


def _run(addresses: Addresses, *acts: Act) -> None:
    try:
        asyncio.run(_with_access(addresses, acts))
    except DemoFailed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)


async def _with_access(addresses: Addresses, acts: Sequence[Act]) -> None:
    # The suite is on this machine: a proxy of the environment has no say, and nothing here is encrypted.
    async with httpx.AsyncClient(trust_env=False, timeout=60.0, verify=False) as client:  # noqa: S501
        access, town = Access(client, addresses, COMMUNITY), make_town()
        for act in acts:
            await act(access, town)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    command_line()
