"""A community to test in: the running service, tokens for its people, and how to ask it things."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from shared.runtime.running import Running
from tests.fixtures.identity import Issuer

MINIMAL_CATEGORY = {
    "standard": "local",
    "standard_version": "1",
    "standard_code": "1",
    "name_zh": "占用消防通道",
    "name_en": "Blocked fire lane",
    "priority": "urgent",
    "deadline_minutes": 120,
}


class Town:
    """One community of a running service; every request names who asks and with which roles."""

    def __init__(self, running: Running, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.running = running
        self.client = client
        self.issuer = issuer
        self.id = uuid4()

    @property
    def system(self) -> "asyncpg.Pool[asyncpg.Record]":
        """The database as the role that row-level security does not bind."""
        return self.running.context.database.system

    async def ask(
        self,
        method: str,
        path: str,
        *,
        roles: Iterable[str] = ("operator",),
        person: str = "olive",
        body: Any = None,
        key: str | None = None,
        if_match: object = None,
        platform: bool = False,
        **more: Any,
    ) -> httpx.Response:
        """Send one request as somebody of this community."""
        communities: dict[UUID | str, Iterable[str]] = {self.id: roles} if roles else {}
        headers = self.issuer.headers(person, communities, platform=platform)
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        headers |= more.pop("headers", {})
        return await self.client.request(method, path, json=body, headers=headers, **more)

    async def get(self, path: str, **how: Any) -> Any:
        """Read something that is there."""
        answer = await self.ask("GET", path, **how)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def found(self, operators: Iterable[str] = ("olive",)) -> None:
        """Register this community."""
        body = {
            "id": str(self.id),
            "code": f"c{self.id.hex[:8]}",
            "name": "East 东",
            "zone": "Asia/Shanghai",
            "operators": list(operators),
        }
        answer = await self.ask("POST", "/communities", roles=(), platform=True, body=body)
        assert answer.status_code == 201, answer.text

    async def place(self, kind: str, parent: object, code: str, **more: Any) -> UUID:
        """Register a place."""
        body = {"kind": kind, "parent": str(parent), "code": code, "name": code, **more}
        answer = await self.ask("POST", "/places", body=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def category(self, code: str, **more: Any) -> None:
        """Define a category."""
        answer = await self.ask("PUT", f"/categories/{code}", body=MINIMAL_CATEGORY | more)
        assert answer.status_code == 200, answer.text

    async def rule(self, code: str, target: dict[str, Any], **more: Any) -> None:
        """Define a dispatch rule."""
        body = {"rank": 10, "target": target, **more}
        answer = await self.ask("PUT", f"/dispatch-rules/{code}", body=body)
        assert answer.status_code == 200, answer.text

    async def report(self, person: str = "rita", roles: Iterable[str] = ("resident",), **more: Any) -> UUID:
        """Report something and give the case's id."""
        body = {"category": "fire-lane", "description": "a van in the fire lane", **more}
        answer = await self.ask("POST", "/reports", person=person, roles=roles, body=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def load(self, path: str, text: str | bytes, **how: Any) -> httpx.Response:
        """Send a CSV file."""
        content = text if isinstance(text, bytes) else text.encode()
        headers = {"Content-Type": "text/csv"} | how.pop("headers", {})
        return await self.ask("POST", path, content=content, headers=headers, **how)
