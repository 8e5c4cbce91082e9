"""`python -m deploy.demo load|day`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
import typer

from deploy.demo.access import Access, Addresses
from deploy.demo.failures import DemoFailed
from deploy.demo.loading import COMMUNITY, load_town
from deploy.demo.town.making import Town, make_town

command_line = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)

Identity = Annotated[
    str, typer.Option(envvar=["IDENTITY_URL", "OIDC_ISSUER"], help="the development identity")
]
Issues = Annotated[str, typer.Option(envvar="ISSUES_URL")]
Notify = Annotated[str, typer.Option(envvar="NOTIFY_URL")]
Phones = Annotated[str, typer.Option(envvar="PHONES_URL", help="the simulated phones")]


@command_line.command()
def load(identity: Identity, issues: Issues, notify: Notify, phones: Phones) -> None:
    """Loads the demo community; quick when it is there already."""

    async def loading(access: Access, town: Town) -> None:
        _say(f"Loading the demo community {COMMUNITY}")
        await load_town(access, town, _say)

    _run(Addresses(identity, issues, notify, phones), loading)


@command_line.command()
def day(identity: Identity, issues: Issues, notify: Notify, phones: Phones) -> None:
    """Plays the demo day and prints it as it happens."""
    from deploy.demo.day.telling import play_day

    async def playing(access: Access, town: Town) -> None:
        times = sorted(await play_day(access, town, _say))
        _say(
            f"{len(times)} messages reached their phones: "
            f"median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s."
        )

    _run(Addresses(identity, issues, notify, phones), playing)


def _run(addresses: Addresses, act: Callable[[Access, Town], Awaitable[None]]) -> None:
    try:
        asyncio.run(_with_access(addresses, act))
    except DemoFailed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)


async def _with_access(addresses: Addresses, act: Callable[[Access, Town], Awaitable[None]]) -> None:
    # The suite is on this machine: a proxy of the environment has no say, and nothing here is encrypted.
    async with httpx.AsyncClient(trust_env=False, timeout=60.0, verify=False) as client:  # noqa: S501
        await act(Access(client, addresses, COMMUNITY), make_town())


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    command_line()
