"""Real servers in place of embedded ones, by environment variables."""

import httpx
from confluent_kafka.admin import AdminClient

from deploy.embedded.databases import DatabaseUrls, blocking, create_databases, create_roles
from tests.fixtures.identity import Issuer
from tests.fixtures.pair import ServerPair
from tests.fixtures.suite import MakeSuite


def test_what_is_given_is_used_and_not_started(
    server_pair: ServerPair, issuer: Issuer, make_suite: MakeSuite
) -> None:
    server = server_pair.postgres.url()
    blocking(create_roles(server))
    blocking(create_databases(server, ["theirs"]))
    urls = DatabaseUrls.on(server, "theirs")
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": server_pair.kafka.bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": "ours.",
        "PARKING_DATABASE_URL": urls.url,
        "PARKING_DATABASE_SYSTEM_URL": urls.system_url,
        "PARKING_DATABASE_OWNER_URL": urls.owner_url,
        "OIDC_ISSUER": issuer.url,
        "SMS_PROVIDER_URL": "http://127.0.0.1:9",
        "PUSH_PROVIDER_URL": "http://127.0.0.1:9",
    }
    suite = make_suite(services=["parking"], external=given)
    assert suite.pieces == ["parking"]
    answer = httpx.get(f"{suite.url('parking')}/health/ready", trust_env=False, timeout=5)
    assert answer.status_code == 204
    topics = (
        AdminClient({"bootstrap.servers": server_pair.kafka.bootstrap_servers}).list_topics(timeout=10).topics
    )
    assert "ours.linli.register" in topics
    assert "linli.register" not in topics
