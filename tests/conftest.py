"""Real servers for every test: PostgreSQL and Kafka are started once per run, at the first wish for them."""

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.topics",
    "tests.fixtures.identity",
    "tests.fixtures.services",
    "tests.fixtures.proxy",
    "tests.fixtures.pair",
    "tests.fixtures.secured",
    "tests.fixtures.suite",
    "tests.fixtures.deployment",
]
