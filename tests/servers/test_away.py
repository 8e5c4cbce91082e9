"""The broker or the database away: nothing is lost, nothing restarted, and everybody says how it is."""

import time
import uuid
from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from tests.fixtures.deployment import SERVICES, Deployment, deployed
from tests.fixtures.folders import server_folder
from tests.fixtures.foreign import assigned_event
from tests.fixtures.identity import Issuer
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.pair import ServerPair
from tests.fixtures.proxy import Proxy
from tests.fixtures.waiting import eventually

AWAY_SECONDS = 30
DRAIN_SECONDS = 10


@pytest.fixture(scope="module")
def pair() -> Iterator[ServerPair]:
    """Servers that nobody else needs."""
    with server_folder() as folder:
        servers = ServerPair(folder)
        yield servers
        servers.close()


@pytest.fixture(scope="module")
def deployment(pair: ServerPair, issuer: Issuer) -> Iterator[Deployment]:
    """A suite on them, in the place of the one on the run's servers."""
    databases = {service: pair.database(service) for service in SERVICES}
    proxy = Proxy("127.0.0.1", pair.postgres.port or 0)
    with (
        server_folder() as folder,
        deployed(folder, issuer, databases, proxy, pair.kafka.bootstrap_servers, "") as running,
    ):
        yield running
    proxy.close()


@pytest.fixture(scope="module")
def here(deployment: Deployment) -> Neighbourhood:
    """One community for all that happens here: founding one needs the servers."""
    return deployment.neighbourhood()


@pytest.mark.timeout(180)
def test_without_a_broker_reports_are_taken_and_told_when_it_is_back(
    deployment: Deployment, here: Neighbourhood, pair: ServerPair
) -> None:
    before = _pids(deployment)
    here.reported(here.resident)
    here.hears_all()
    rung = here.ledger.position()
    pair.kafka.kill()
    until = time.monotonic() + AWAY_SECONDS
    for reporter in islice(cycle((here.resident, here.rider)), AWAY_SECONDS):
        here.reported(reporter)
        time.sleep(max(0.0, min(1.0, until - time.monotonic())))
    assert deployment.metric("issues", "linli_relay_not_publishing") == 1
    # Counted every ten seconds.
    eventually(
        lambda: deployment.metric("issues", "linli_outbox_waiting") >= AWAY_SECONDS, 12, "each report waits"
    )
    assert _health(deployment, "ready") == [204, 204]
    assert here.ledger.position() == rung
    pair.kafka.start()
    here.hears_all(30)
    assert _pids(deployment) == before
    eventually(
        lambda: deployment.metric("issues", "linli_relay_not_publishing") == 0, 10, "it publishes again"
    )


def test_without_a_database_everybody_is_told_to_come_back(
    deployment: Deployment, here: Neighbourhood, pair: ServerPair
) -> None:
    before, key, foreign = _pids(deployment), uuid.uuid4().hex, str(uuid.uuid4())
    pair.postgres.kill()
    refused = here.report(here.resident, key=key)
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:linli:problem:database-away"
    assert int(refused.headers["retry-after"]) >= 1
    event = assigned_event(here, foreign)
    deployment.bus.produce("linli.issues", event.value, key=event.key, headers=event.headers)
    eventually(lambda: _health(deployment, "ready") == [503, 503], 5, "nobody is ready")
    assert _health(deployment, "live") == [204, 204]
    pair.postgres.start()
    eventually(lambda: _health(deployment, "ready") == [204, 204], 10, "everybody is ready")
    answer = here.report(here.resident, key=key)
    assert answer.status_code == 201, answer.text
    here.tell_of(answer.json()["id"], here.resident)
    here.tell_of(foreign, None)
    here.hears_all(30)
    assert _pids(deployment) == before


def test_while_the_database_hangs_nobody_is_ready_and_afterwards_everybody_is(
    deployment: Deployment, here: Neighbourhood, pair: ServerPair
) -> None:
    pair.postgres.child.pause()
    # The answer of the last half second may still be given; a new one is given after two.
    eventually(lambda: _health(deployment, "ready") == [503, 503], 6, "nobody is ready")
    assert _health(deployment, "live") == [204, 204]
    pair.postgres.child.resume()
    eventually(lambda: _health(deployment, "ready") == [204, 204], 10, "everybody is ready")
    here.reported(here.resident)
    here.hears_all(30)


@pytest.mark.parametrize("how", ["hangs", "is dead"])
def test_asked_to_end_while_the_broker_does_not_answer_all_end_in_time_and_lose_nothing(
    deployment: Deployment, here: Neighbourhood, pair: ServerPair, how: str
) -> None:
    (pair.kafka.child.pause if how == "hangs" else pair.kafka.kill)()
    here.reported(here.resident)
    children = [deployment.suite.child(service) for service in SERVICES]
    asked = time.monotonic()
    for child in children:
        child.ask()
    ended = [child.ended(asked + DRAIN_SECONDS - time.monotonic()) for child in children]
    assert ended == [True, True], [child.tail() for child in children]
    assert [child.exit_code for child in children] == [0, 0], [child.tail() for child in children]
    (pair.kafka.child.resume if how == "hangs" else pair.kafka.start)()
    # The other way round than the suite starts them: none waits for another.
    for service in reversed(SERVICES):
        deployment.suite.start(service)
    here.hears_all(30)


def _pids(deployment: Deployment) -> list[int]:
    """Who runs; a process that was restarted has another id."""
    children = [deployment.suite.child(service) for service in SERVICES]
    assert all(child.alive for child in children)
    return [child.pid for child in children]


def _health(deployment: Deployment, what: str) -> list[int]:
    """What each service answers."""
    urls = [f"{deployment.suite.url(service)}/health/{what}" for service in SERVICES]
    return [deployment.http.get(url).status_code for url in urls]
