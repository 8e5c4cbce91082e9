"""Who is told what the suite is doing: the terminal, or nobody."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console


class Progress(Protocol):
    """Told when a step begins and, by leaving the context, how it ends."""

    def step(self, what: str) -> AbstractContextManager[None]: ...


class Silent:
    """For tests: a failure says enough by itself."""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:  # noqa: ARG002 - that is what silence is
        yield


class Terminal:
    """One line per step: a spinner while it goes on, its time when it is done."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            with self.console.status(what):
                yield
        except BaseException:
            self.console.print(f"[red]✗[/red] {what}")
            raise
        self.console.print(f"[green]✓[/green] {what} [dim]{time.monotonic() - began:.1f} s[/dim]")
