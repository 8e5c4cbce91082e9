"""A relay or consumer in a process of its own, to be killed: `python -m tests.messaging.child relay`.

Its surroundings come as JSON in `LINLI_TEST_CHILD`: url, system_url, and the Kafka settings.
"""

import asyncio
import json
import logging
import os
import sys

from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import FixedClock
from tests.messaging.consuming import Service


async def main(what: str) -> None:
    given = json.loads(os.environ["LINLI_TEST_CHILD"])
    kafka = KafkaSettings(**given["kafka"])
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if what == "relay":
        await Relay(given["system_url"], kafka).run()
        return
    async with Database.open(given["url"], given["system_url"]) as database:
        works = Works(database, FixedClock(), outbox, "/linli/notify")
        await Service(works, kafka).consumer().run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
