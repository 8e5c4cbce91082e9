"""Whatever is sent to a route, the answer is one that its page in OpenAPI names, and never an error of ours.

Made by schemathesis from the services' own descriptions, half of it valid and half of it not, about things
that are there and things that are not, by persons of all roles. `make fuzz` sends ten times as many.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from shared.http.application import guarded_routes
from shared.http.routing import GuardedRoute
from shared.security.policy import Access
from shared.security.roles import Role
from tests.fixtures.databases import Databases
from tests.fixtures.identity import Issuer
from tests.worlds.recording import Call, World
from tests.worlds.serving import SERVICES, two_worlds

pytestmark = pytest.mark.anyio
CASES = int(os.environ.get("LINLI_FUZZ_CASES", "500"))
"""In the two services together that say the most to people; each of the others gets a quarter."""
ROUND = 250
LARGEST = {"issues", "notify"}
UNSENT = {"/events"}
"""A stream has no end to wait for."""
PROMISES = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@dataclass(eq=False)
class Fuzz:
    """One service's routes, what is known to be there, and what was found."""

    world: World
    session: requests.Session = field(default_factory=requests.Session)
    statuses: Counter[int] = field(default_factory=Counter)
    found: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document = schemathesis.openapi.from_dict(self.world.service.app.openapi())
        self.routes = {
            (verb, route.path_format): route
            for route in guarded_routes(self.world.service.app)
            for verb in route.verbs
        }
        described: list[Any] = [made.ok() for made in self.document.get_all_operations()]  # type: ignore[union-attr]
        self.operations = [operation for operation in described if operation.path not in UNSENT]
        self.made: dict[str, list[Call]] = {}
        for call in self.world.calls:
            self.made.setdefault(call.name, []).append(call)

    def send(self, data: DataObject) -> None:
        """Make one request of something and keep what breaks a promise."""
        operation = data.draw(st.sampled_from(self.operations))
        mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(self._cases(operation, mode))
        route = self.routes[operation.method.upper(), operation.path]
        known = self.made.get(f"{operation.method.upper()} {route.path}", [])
        if known:
            self._about_what_is_there(data, case, data.draw(st.sampled_from(known)))
        answer = case.call(
            base_url=self.world.service.url, session=self.session, headers=self._headers(data, route)
        )
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=PROMISES)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                name = f"{operation.label} {answer.status_code} {type(failure).__name__}"
                self.found.setdefault(name, f"{failure}\n{case.as_curl_command()}\n{answer.text[:500]}")

    @cache  # noqa: B019  as long as a test
    def _cases(self, operation: Any, mode: GenerationMode) -> st.SearchStrategy[Any]:
        made: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode)
        return made

    def _about_what_is_there(self, data: DataObject, case: Any, call: Call) -> None:
        path, _, _ = call.address.partition("?")
        matched = call.route.path_regex.match(path)
        if matched is not None and data.draw(st.integers(0, 3)):
            case.path_parameters = matched.groupdict()
        if isinstance(case.body, dict) and bool(call.json) and data.draw(st.booleans()):
            names = data.draw(st.sets(st.sampled_from(sorted(call.json))))
            case.body |= {name: call.json[name] for name in names}

    def _headers(self, data: DataObject, route: GuardedRoute) -> Mapping[str, str]:
        """A person with one role, usually one that may do this, and the version as it often is."""
        platform = route.policy.access is Access.platform
        roles: Iterable[Role] = route.policy.roles if data.draw(st.integers(0, 7)) else ()
        role = data.draw(st.sampled_from(sorted(roles or set(Role) - {Role.platform})))
        headers = {"Linli-Community": str(self.world.community)}
        headers |= self._token(data.draw(st.sampled_from(["olive", "rita"])), role, platform=platform)
        if self.world.claim_codes and route.path.startswith("/claims"):
            headers["Linli-Claim-Code"] = data.draw(st.sampled_from([*self.world.claim_codes, "wrong"]))
        if route.verbs & {"PUT", "PATCH", "DELETE"}:
            headers["If-Match"] = data.draw(st.sampled_from(['"1"', '"2"', "*", "x"]))
        return headers

    @cache  # noqa: B019
    def _token(self, person: str, role: Role, *, platform: bool) -> dict[str, str]:
        return self.world.issuer.headers(person, {self.world.community: [role]}, platform=platform)


def _rounds(cases: int) -> list[int]:
    """Split them: hypothesis stops at a draw unlike an earlier one, and schemathesis's own are, rarely."""
    full, rest = divmod(cases, ROUND)
    return [ROUND] * full + [rest] * bool(rest)


@pytest.mark.parametrize("name", SERVICES)
async def test_no_request_is_answered_otherwise_than_described(
    name: str, databases: Databases, issuer: Issuer
) -> None:
    async with two_worlds(name, databases, issuer) as (world, _):
        fuzz = Fuzz(world)

        for number, cases in enumerate(_rounds(CASES // (2 if name in LARGEST else 4))):

            @seed(number)
            @settings(
                max_examples=cases,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                verbosity=Verbosity.quiet,
            )
            @given(st.data())
            def sent(data: DataObject) -> None:
                fuzz.send(data)

            await asyncio.to_thread(sent)
    assert not fuzz.found, "\n\n".join(f"{what}: {how}" for what, how in fuzz.found.items())
    # Else everything was turned away at the door.
    assert sum(count for status, count in fuzz.statuses.items() if status < 300) > 5, fuzz.statuses
