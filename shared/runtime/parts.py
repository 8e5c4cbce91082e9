"""What a service declares of itself on its one page, `app.py`: the runtime turns that into a process."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from shared.contracts.fact import Fact
from shared.database.batch import BatchWriter
from shared.database.pool import Database
from shared.database.work import Works
from shared.errors import Handling
from shared.http.sight import Watch
from shared.messaging.subscription import Subscription
from shared.runtime.clock import Clock
from shared.runtime.schedule import Every
from shared.runtime.settings import ServiceSettings
from shared.security.tokens import TokenVerifier


@dataclass(frozen=True)
class Context:
    """What the runtime has opened when it asks a service for its parts.

    `settings` are of the class the service names; `wake` runs an entry of its schedule now, by name.
    """

    settings: ServiceSettings
    clock: Clock
    database: Database
    works: Works
    wake: Callable[[str], None]
    verifier: TokenVerifier


@dataclass(frozen=True)
class Parts:
    """What a service is made of; `state` is set on `app.state`, where its endpoints find it.

    `watch` says who may see which of its facts at `GET /events`.
    """

    routers: Sequence[APIRouter]
    subscriptions: Mapping[type[Fact], Subscription] = field(default_factory=dict)
    schedule: Sequence[Every] = ()
    batches: Sequence[BatchWriter[Any, Any]] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    watch: Watch = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """One bounded context: its name, settings, migrations, domain errors, and how its parts are put together.

    What `compose` enters on the stack is closed when the process ends, after every task has stopped. It opens
    no connection itself and starts no task: it also runs where there is no server, to describe the API.
    """

    name: str
    title: str
    settings: type[ServiceSettings]
    migrations: Path
    errors: Mapping[type[BaseException], Handling]
    compose: Callable[[AsyncExitStack, Context], Awaitable[Parts]]
