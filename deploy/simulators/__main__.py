"""`python -m deploy.simulators phones|identity`."""

import asyncio
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

command_line = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)

DEVELOPMENT = "development"  # a key that opens nothing but simulators

Port = Annotated[int, typer.Option(help="0 means any free one")]


@command_line.command()
def phones(
    port: Port,
    state: Annotated[Path, typer.Option(help="the ledger's file; it outlives the process")],
    key: Annotated[
        str, typer.Option(envvar="PHONES_KEY", help="the bearer key of both gateways")
    ] = "development",
    receipt_key_id: Annotated[str, typer.Option(envvar="RECEIPT_KEY_ID")] = "development",
    receipt_secret: Annotated[
        str, typer.Option(envvar="RECEIPT_SECRET", help="signs receipts")
    ] = DEVELOPMENT,
    receipt_delay: Annotated[float, typer.Option(help="seconds from acceptance to the receipt")] = 0.2,
) -> None:
    """An SMS gateway and a push gateway with the phones behind them, to look at in a browser."""
    from deploy.simulators.hosting import PortTaken
    from deploy.simulators.phones.journal import JournalInUse
    from deploy.simulators.phones.running import run_phones
    from shared.security.signatures import sign

    signing = partial(sign, key_id=receipt_key_id, secret=receipt_secret)
    try:
        asyncio.run(run_phones(port, state, key, signing, receipt_delay=receipt_delay))
    except (PortTaken, JournalInUse) as error:
        sys.exit(str(error))


@command_line.command()
def identity(
    port: Port,
    state: Annotated[Path, typer.Option(help="the folder of its keys; it outlives the process")],
    grants: Annotated[Path | None, typer.Option(help="the bootstrap grants; absent: ours")] = None,
    audience: Annotated[str, typer.Option(envvar="OIDC_AUDIENCE")] = "linli",
    lifetime: Annotated[int, typer.Option(help="seconds that a token lives")] = 3600,
) -> None:
    """A development OIDC issuer; roles come from the register's topic (KAFKA_BOOTSTRAP_SERVERS …)."""
    from deploy.simulators.hosting import PortTaken
    from deploy.simulators.identity.grants import DEVELOPMENT_GRANTS
    from deploy.simulators.identity.running import run_identity
    from deploy.simulators.identity.settings import kafka_settings

    chosen = grants or DEVELOPMENT_GRANTS
    try:
        asyncio.run(run_identity(port, state, chosen, kafka_settings(), audience=audience, lifetime=lifetime))
    except PortTaken as error:
        sys.exit(str(error))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    command_line()
