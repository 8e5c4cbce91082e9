"""`python -m deploy.kafka apply`: bring the topics of KAFKA_BOOTSTRAP_SERVERS to what topics.yaml says."""

import os
import sys
from typing import Annotated

import typer
from confluent_kafka import KafkaException

from deploy.kafka.topics import apply_topics, client_settings, declared_topics, reason_of

commands = typer.Typer(no_args_is_help=True, add_completion=False)


@commands.callback()
def group() -> None:
    """Kafka's topics as code."""


@commands.command()
def apply(
    prefix: Annotated[str, typer.Option(envvar="KAFKA_TOPIC_PREFIX", help="put before every name")] = "",
    partitions: Annotated[int | None, typer.Option(help="at most so many partitions per topic")] = None,
) -> None:
    """Create, widen and configure topics; connection and security come from the KAFKA_… variables."""
    settings = client_settings(os.environ)
    if "bootstrap.servers" not in settings:
        print("Set KAFKA_BOOTSTRAP_SERVERS to the cluster's address (host:port).", file=sys.stderr)
        raise typer.Exit(2)
    try:
        changed = apply_topics(settings, declared_topics(prefix, partitions), print)
    except KafkaException as error:
        print(f"Kafka at {settings['bootstrap.servers']}: {reason_of(error)}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"topics are as declared, {changed} changed")


if __name__ == "__main__":
    commands()
