"""The embedded servers under the treatment they get: kill -9, stale notes, a parent that dies."""

import os
import signal
import subprocess
import sys
import time

import asyncpg
import psutil
import pytest
from confluent_kafka import Consumer, Producer

from deploy.embedded.clean import forget
from deploy.embedded.databases import blocking
from deploy.embedded.postgres import Postgres
from deploy.kafka.topics import apply_topics, declared_topics
from tests.fixtures.folders import REPOSITORY, server_folder
from tests.fixtures.pair import ServerPair


async def _value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_postgres_comes_back_from_kill_9_on_its_port_with_its_data(server_pair: ServerPair) -> None:
    server = server_pair.postgres
    url = server.url()
    blocking(_value(url, "CREATE TABLE kept AS SELECT 1 AS one"))
    server.kill()
    # A pid of a stranger in the note: containers reuse small ones.
    note = server.data / "postmaster.pid"
    note.write_text(note.read_text().replace(str(server.child.pid), str(os.getpid()), 1))
    server.start()
    assert server.url() == url
    assert blocking(_value(url, "SELECT one FROM kept")) == 1
    assert str(blocking(_value(url, "SHOW server_version"))).startswith("18")
    assert blocking(_value(url, "SHOW synchronous_commit")) == "on"
    assert server.stop()


def test_kafka_comes_back_from_kill_9_on_its_port_with_its_records(server_pair: ServerPair) -> None:
    servers = server_pair.kafka_settings().bootstrap_servers
    producer = Producer({"bootstrap.servers": servers})
    producer.produce("linli.issues", b"kept", key=b"k")
    assert producer.flush(10) == 0
    server_pair.kafka.kill()
    server_pair.kafka.start()
    assert server_pair.kafka.bootstrap_servers == servers
    settings = {"bootstrap.servers": servers, "group.id": "test", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe(["linli.issues"])
    record = consumer.poll(20)
    consumer.close()
    assert record is not None
    assert record.value() == b"kept"
    assert server_pair.kafka.stop()


def test_topics_are_widened_and_configured_but_not_touched_twice(server_pair: ServerPair) -> None:
    settings = {"bootstrap.servers": server_pair.kafka.bootstrap_servers}
    narrow, wide = declared_topics("x.", 2), declared_topics("x.", 4)
    assert apply_topics(settings, narrow) == len(narrow)
    assert apply_topics(settings, narrow) == 0
    assert apply_topics(settings, wide) == len([topic for topic in wide if topic.partitions > 2])


def test_a_server_does_not_outlive_a_parent_that_is_killed() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells children of their parent's death")
    with server_folder() as folder:
        script = (
            "import sys, time; from pathlib import Path; from deploy.embedded.postgres import Postgres\n"
            "server = Postgres(Path(sys.argv[1]), durable=False); server.start()\n"
            "print(server.child.pid, flush=True); time.sleep(60)"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(folder / "postgres")], cwd=REPOSITORY, stdout=subprocess.PIPE
        )
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        deadline = time.monotonic() + 10
        while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the server outlived its parent"
            time.sleep(0.02)


def test_data_below_an_untraversable_folder_is_kept_where_the_server_can_reach_it() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root lends PostgreSQL another account")
    with server_folder() as folder:
        folder.chmod(0o700)
        first = Postgres(folder / "postgres", durable=False)
        assert not first.place.is_relative_to(folder)
        first.start()
        blocking(_value(first.url(), "CREATE TABLE kept AS SELECT 1 AS one"))
        first.stop()
        again = Postgres(folder / "postgres", durable=False)
        again.start()
        assert blocking(_value(again.url(), "SELECT one FROM kept")) == 1
        again.stop()
        forget(folder)
        assert not first.place.exists()
        anew = Postgres(folder / "postgres", durable=False)
        anew.start()
        assert blocking(_value(anew.url(), "SELECT to_regclass('kept')")) is None
        anew.stop()
        forget(folder)


def test_data_that_lies_in_the_suites_own_folder_is_forgotten_with_it() -> None:
    with server_folder() as folder:
        for name in ("postgres", "replay/postgres"):
            server = Postgres(folder / name, durable=False)
            assert server.place == folder / name
            server.start()
            server.stop()
        forget(folder)
        assert not list(folder.iterdir())
