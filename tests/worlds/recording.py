"""A community furnished through a service's own API, with every successful call kept to be made again."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from shared.http.application import guarded_routes
from shared.http.routing import GuardedRoute
from shared.identifiers import new_id
from shared.runtime.running import Running
from tests.fixtures.identity import Issuer

ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True)
class Call:
    """One call that succeeded, as it can be made again by somebody else."""

    route: GuardedRoute
    method: str
    address: str
    person: str
    content: bytes | None
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.route.path}"

    @property
    def said(self) -> str:
        """All that the caller says of what is whose."""
        return f"{self.address} {(self.content or b'').decode(errors='replace')}"

    @property
    def json(self) -> dict[str, Any]:
        """Its body, when that is a JSON object."""
        is_json = self.content and self.headers.get("content-type") == "application/json"
        return dict(json.loads(self.content or b"")) if is_json else {}

    @property
    def addressed(self) -> bool:
        """Whether its path names a thing by an id, which belongs to one community only."""
        return ID.search(self.address.partition("?")[0]) is not None


@dataclass
class World:
    """One community of a running service; `by` gives what its people do."""

    service: Running
    client: httpx.AsyncClient
    issuer: Issuer
    community: UUID = field(default_factory=new_id)
    calls: list[Call] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    claim_codes: list[str] = field(default_factory=list)

    def by(self, person: str, *roles: str, platform: bool = False) -> "Person":
        communities: dict[UUID | str, Iterable[str]] = {self.community: roles} if roles else {}
        return Person(self, person, self.issuer.headers(person, communities, platform=platform))

    def route_of(self, method: str, path: str) -> GuardedRoute:
        """The route that a call takes: one with a fixed path first, as the dispatch does."""
        found = [
            route
            for route in guarded_routes(self.service.app)
            if method in route.verbs and route.path_regex.match(path)
        ]
        return min(found, key=lambda route: len(route.param_convertors))

    def recorded(self) -> dict[str, Call]:
        """The first call of every route."""
        return {call.name: call for call in reversed(self.calls)}


@dataclass(frozen=True)
class Person:
    """Somebody of a world; every call must succeed."""

    world: World
    name: str
    token: Mapping[str, str]

    async def get(self, address: str) -> Any:
        return await self.call("GET", address)

    async def etag(self, address: str) -> str:
        """The version of something, to be sent back as `if_match`."""
        answer = await self.world.client.get(address, headers=dict(self.token))
        return str(answer.headers["etag"])

    async def post(self, address: str, body: Any = None, **headers: str) -> Any:
        return await self.call("POST", address, body, **headers)

    async def put(self, address: str, body: Any = None, **headers: str) -> Any:
        return await self.call("PUT", address, body, **headers)

    async def call(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        """Call, and keep the call; a body is JSON unless it is bytes; headers are spelt with underscores."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent.setdefault("content-type", "application/json")
        answer = await self.world.client.request(
            method, address, content=content, headers={**self.token, **sent}
        )
        assert answer.is_success, f"{method} {address}: {answer.status_code} {answer.text}"
        route = self.world.route_of(method, address.partition("?")[0])
        self.world.calls.append(Call(route, method, address, self.name, content, sent))
        self.world.ids.update(ID.findall(answer.text))
        kind = answer.headers.get("content-type", "")
        return answer.json() if answer.content and "json" in kind else answer


Furnish = Callable[[World], Awaitable[None]]


@asynccontextmanager
async def asking(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls the application itself, without a socket between."""
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", timeout=30) as client:
        yield client
