"""What happens in the neighbourhood, line by line, until somebody says stop."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.messaging.settings import KafkaSettings
from shared.messaging.tail import tail

LINES_A_SECOND = 25
_SHOWN_FIELDS = 5
_COLOURS = {"issues": "yellow", "parking": "cyan", "volunteer": "magenta", "notify": "green"}


async def follow(console: Console, kafka: KafkaSettings, topics: Sequence[str]) -> None:
    """Print every event that arrives from now on; a broker that is away is waited for."""
    lines = _Lines(console)
    while True:
        try:
            async for tailed in tail(kafka, topics, start="end"):
                lines.show(tailed.event)
        except (KafkaError, OSError) as error:
            console.print(f"[dim]Kafka is out of reach, trying again: {escape(repr(error))}[/dim]")
        await asyncio.sleep(1)


def kafka_settings(variables: Mapping[str, str]) -> KafkaSettings:
    """The messaging room's settings from the services' own variables (`KAFKA_…`)."""
    return KafkaSettings.model_validate(
        {name.removeprefix("KAFKA_").lower(): value for name, value in variables.items()}
    )


class _Lines:
    """Prints events, and only counts them while there are more than anybody could read."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._second = 0
        self._printed = 0

    def show(self, event: Event[Fact]) -> None:
        second = int(time.monotonic())
        if second != self._second:
            if self._printed > LINES_A_SECOND:
                self._console.print(f"[dim]… and {self._printed - LINES_A_SECOND} more events[/dim]")
            self._second, self._printed = second, 0
        self._printed += 1
        if self._printed <= LINES_A_SECOND:
            self._console.print(described(event), soft_wrap=True, highlight=False)


def described(event: Event[Fact]) -> str:
    """One line: when, what, and the first plain fields of the fact."""
    _, service, name, _ = event.type.split(".")
    colour = _COLOURS.get(service, "white")
    plain = _plain_fields(event.data)[:_SHOWN_FIELDS]
    fields = "  ".join(f"[dim]{key}[/dim] {escape(text)}" for key, text in plain)
    mark = " [dim](imported)[/dim]" if event.imported else ""
    return f"{_clock(event.time)} [{colour}]{service:<9}[/] [bold]{name:<18}[/]{mark} {fields}"


def _plain_fields(fact: Fact) -> list[tuple[str, str]]:
    values = fact.model_dump(mode="json", exclude_none=True)
    return [(name, _short(value)) for name, value in values.items() if isinstance(value, str | int)]


def _short(value: object) -> str:
    """Ids by their end: what UUIDv7 begin with is only the time."""
    text = str(value)
    return f"…{text[-6:]}" if len(text) == 36 and text.count("-") == 4 else text


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
