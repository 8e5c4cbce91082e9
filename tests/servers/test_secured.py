"""A broker that demands encryption and a log-in: an operations team's own, in place of the embedded one."""

import asyncio
import os
import subprocess
import sys

import pytest
from aiokafka.errors import KafkaError

from shared.messaging.producer import drop_producer, open_producer
from shared.messaging.settings import KafkaSettings
from tests.fixtures.deployment import deployed, fresh_databases
from tests.fixtures.folders import server_folder
from tests.fixtures.identity import Issuer
from tests.fixtures.proxy import Proxy
from tests.fixtures.secured import MECHANISMS, SecuredKafka
from tests.fixtures.servers import Servers

PREFIX = "secured."


def settings_of(variables: dict[str, str]) -> KafkaSettings:
    return KafkaSettings.model_validate(
        {name.removeprefix("KAFKA_").lower(): value for name, value in variables.items()}
    )


async def connect(kafka: KafkaSettings) -> None:
    await drop_producer(await open_producer(kafka))


def test_a_report_reaches_phones_by_way_of_it(
    secured_kafka: SecuredKafka, servers: Servers, issuer: Issuer
) -> None:
    proxy = Proxy(servers.postgres_host, servers.postgres_port)
    plain, secured = secured_kafka.bootstrap_servers, secured_kafka.variables("SCRAM-SHA-512")
    with (
        server_folder() as folder,
        fresh_databases(servers) as databases,
        deployed(folder, issuer, databases, proxy, plain, PREFIX, secured) as running,
    ):
        here = running.neighbourhood()
        case = here.reported(here.resident)
        here.resolved(here.guard, case, here.resident)
        here.hears_all()
    proxy.close()


def test_who_has_the_password_and_knows_the_authority_gets_in_and_nobody_else(
    secured_kafka: SecuredKafka, caplog: pytest.LogCaptureFixture
) -> None:
    for mechanism in MECHANISMS:
        asyncio.run(connect(settings_of(secured_kafka.variables(mechanism))))
        caplog.clear()
        with pytest.raises(KafkaError):
            asyncio.run(connect(settings_of(secured_kafka.variables(mechanism, "guessed"))))
        # The error says only that there was no way in; why is in the log, where an operator reads it.
        assert "uthentication failed" in caplog.text
    assert applied(secured_kafka.variables("PLAIN")).returncode == 0
    refused = applied(secured_kafka.variables("PLAIN", "guessed"))
    assert refused.returncode == 1
    assert "uthentication failed" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    stranger = secured_kafka.variables("PLAIN")
    del stranger["KAFKA_SSL_CAFILE"]
    caplog.clear()
    with pytest.raises(KafkaError):
        asyncio.run(connect(settings_of(stranger)))
    assert "certificate verify failed" in caplog.text
    refused = applied(stranger)
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stderr


def applied(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `python -m deploy.kafka apply` says to these."""
    command = [sys.executable, "-m", "deploy.kafka", "apply", "--prefix", PREFIX, "--partitions", "1"]
    return subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, timeout=120, check=False
    )
