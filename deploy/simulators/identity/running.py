"""The issuer as one process."""

import asyncio
import logging
from contextlib import closing
from pathlib import Path

from aiokafka.errors import KafkaError

from deploy.simulators.hosting import Background, host, listening_socket
from deploy.simulators.identity.application import Issuer, identity_application
from deploy.simulators.identity.grants import Grants
from deploy.simulators.identity.keys import KeyRing
from deploy.simulators.identity.register import Register
from shared.contracts.issues.register import REGISTER
from shared.messaging.settings import KafkaSettings
from shared.messaging.tail import CursorExpired, tail

logger = logging.getLogger(__name__)


async def run_identity(
    port: int,
    state: Path,
    grants: Path,
    kafka: KafkaSettings | None,
    *,
    audience: str = "linli",
    lifetime: int = 3600,
    signals: bool = True,
) -> None:
    """Serves the issuer until a signal; raises PortTaken. Without Kafka it knows the grants file only."""
    bound = listening_socket(port)
    with closing(bound):
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        register = Register()
        issuer = Issuer(url, audience, lifetime, KeyRing(state, lifetime), register, Grants(grants))
        print(f"development identity on {url}: anyone may have anyone's token, never expose it", flush=True)
        background: list[Background] = []
        if kafka is None:
            print("KAFKA_BOOTSTRAP_SERVERS is not set: roles come from the grants file alone", flush=True)
        else:
            background.append(lambda: follow_register(kafka, register))
        await host(identity_application(issuer), bound, *background, signals=signals)


async def follow_register(kafka: KafkaSettings, register: Register) -> None:
    """Keeps the register up to date until cancelled; a broker that is away is waited for."""
    while True:
        try:
            # From the start each time: the topic is compacted, and the fold takes nothing twice.
            async for tailed in tail(kafka, [REGISTER], start="beginning"):
                register.apply(tailed.event)
        except (KafkaError, OSError, CursorExpired) as error:
            logger.warning("the register's topic is out of reach, trying again: %r", error)
        await asyncio.sleep(1)
