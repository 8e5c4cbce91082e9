"""The test infrastructure itself: fresh databases, topics of one's own, tokens, cuts."""

import gc
import socket
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient

from deploy.embedded.databases import DatabaseUrls, migrated_services
from shared.errors import Unauthenticated
from shared.messaging.settings import KafkaSettings
from shared.security.tokens import TokenVerifier
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.fixtures.proxy import Proxy
from tests.fixtures.servers import Servers

pytestmark = pytest.mark.anyio


async def test_an_empty_database_has_the_roles_and_their_limits(empty_database: DatabaseUrls) -> None:
    limits = {}
    for url in (empty_database.url, empty_database.system_url, empty_database.owner_url):
        connection = await asyncpg.connect(url)
        limits[await connection.fetchval("SELECT current_user")] = await connection.fetchval(
            "SELECT current_setting('statement_timeout')"
        )
        await connection.close()
    assert limits == {"linli_request": "5s", "linli_system": "30s", "linli_owner": "10min"}


@pytest.mark.parametrize("service", migrated_services())
async def test_a_clone_is_migrated_and_does_not_share_rows(databases: Databases, service: str) -> None:
    first, second = databases(service), databases(service)
    connection = await asyncpg.connect(first.owner_url)
    await connection.execute("CREATE TABLE only_here (id int)")
    assert await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.close()
    other = await asyncpg.connect(second.owner_url)
    assert await other.fetchval("SELECT to_regclass('only_here')") is None
    await other.close()


def test_the_prefix_has_all_topics(kafka_settings: KafkaSettings) -> None:
    client = AdminClient({"bootstrap.servers": kafka_settings.bootstrap_servers})
    prefix = kafka_settings.topic_prefix
    names = {
        name.removeprefix(prefix) for name in client.list_topics(timeout=10).topics if name.startswith(prefix)
    }
    services = {"issues", "parking", "volunteer", "notify"}
    facts = {f"linli.{service}" for service in services} | {"linli.register"}
    assert names == facts | {f"linli.{service}.dead" for service in services}


async def test_tokens_verify_and_forged_ones_do_not(issuer: Issuer) -> None:
    verifier = TokenVerifier(issuer.url, "linli")
    community = "018f0000-0000-7000-8000-000000000001"
    actor = await verifier.verify(issuer.token("p-1", {community: ["operator"]}))
    assert actor.person == "p-1"
    with pytest.raises(Unauthenticated):
        await verifier.verify(issuer.token("p-1", {community: ["operator"]}, key=issuer.strange_key()))


async def test_a_cut_connection_fails_and_a_new_one_works(
    servers: Servers, empty_database: DatabaseUrls, proxy: Callable[[str, int], Proxy]
) -> None:
    between = proxy(servers.postgres_host, servers.postgres_port)
    connection = await asyncpg.connect(between.url(empty_database.url))
    between.cut()
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT 1")
    between.stall()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(between.url(empty_database.url), timeout=0.3)
    between.restore()
    again = await asyncpg.connect(between.url(empty_database.url), timeout=5)
    assert await again.fetchval("SELECT 1") == 1
    await again.close()


async def test_a_commit_can_succeed_whose_answer_is_lost(
    servers: Servers, empty_database: DatabaseUrls, proxy: Callable[[str, int], Proxy]
) -> None:
    between = proxy(servers.postgres_host, servers.postgres_port)
    direct = await asyncpg.connect(empty_database.owner_url)
    await direct.execute("CREATE TABLE kept (id int)")
    connection = await asyncpg.connect(between.url(empty_database.owner_url))
    await connection.execute("BEGIN; INSERT INTO kept VALUES (1)")
    between.cut_when_answered(lambda chunk: b"COMMIT" in chunk)
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.execute("COMMIT")
    assert await direct.fetchval("SELECT count(*) FROM kept") == 1
    await direct.close()


def test_a_proxy_that_is_closed_while_clients_come_leaves_nothing_open() -> None:
    def knock(port: int) -> None:
        with suppress(OSError):
            for _ in range(6):
                socket.create_connection(("127.0.0.1", port), 1).close()

    with socket.create_server(("127.0.0.1", 0)) as far, warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        for _ in range(30):
            between = Proxy(*far.getsockname())
            clients = threading.Thread(target=knock, args=(between.port,))
            clients.start()
            between.close()
            clients.join()
        gc.collect()
    assert [str(each.message) for each in left] == []
