"""The table of who is admitted where."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Forbidden, LinliError, Malformed, NotFound
from shared.security.actor import Actor
from shared.security.policy import Access, Policy, admit, allow, members, policy_of, public
from shared.security.roles import Role

HERE, THERE = uuid4(), uuid4()
HANDLERS = Policy(Access.roles, frozenset({Role.handler, Role.operator}))
PLATFORM_TOO = Policy(Access.roles, frozenset({Role.operator, Role.platform}))
MEMBERS = Policy(Access.members)
PLATFORM = Policy(Access.platform, frozenset({Role.platform}))


def actor(*roles: Role, platform: bool = False, there: bool = False) -> Actor:
    held = {HERE: frozenset(roles)} if roles else {}
    return Actor("wang", held | ({THERE: frozenset({Role.operator})} if there else {}), platform)


TABLE: list[tuple[Policy, Actor, UUID | None, bool, type[LinliError] | None]] = [
    (HANDLERS, actor(Role.handler), HERE, False, None),
    (HANDLERS, actor(Role.handler), None, False, None),
    (HANDLERS, actor(Role.handler), THERE, False, NotFound),
    (HANDLERS, actor(Role.resident), HERE, False, Forbidden),
    (HANDLERS, actor(Role.handler, there=True), None, False, Malformed),
    (HANDLERS, actor(), None, False, Malformed),
    (HANDLERS, actor(), HERE, False, NotFound),
    (HANDLERS, actor(Role.street), HERE, True, None),
    (HANDLERS, actor(Role.street), HERE, False, Forbidden),
    (HANDLERS, actor(platform=True), HERE, True, NotFound),
    (MEMBERS, actor(Role.rider), HERE, False, None),
    (MEMBERS, actor(Role.street), HERE, True, None),
    (MEMBERS, actor(Role.street), HERE, False, Forbidden),
    (MEMBERS, actor(Role.street, Role.resident), HERE, False, None),
    (MEMBERS, actor(platform=True), HERE, True, NotFound),
    (PLATFORM, actor(platform=True), None, False, None),
    (PLATFORM, actor(Role.operator), HERE, True, Forbidden),
    (PLATFORM, actor(Role.street), HERE, True, Forbidden),
    (PLATFORM_TOO, actor(platform=True), HERE, False, None),
    (PLATFORM_TOO, actor(platform=True), None, False, Malformed),
    (PLATFORM_TOO, actor(Role.operator), HERE, False, None),
]


@pytest.mark.parametrize(("policy", "who", "named", "reading", "refusal"), TABLE)
def test_admission(
    policy: Policy, who: Actor, named: UUID | None, reading: bool, refusal: type[LinliError] | None
) -> None:
    if refusal is None:
        community, roles = admit(policy, who, named, reading=reading)
        assert roles
        assert community == (None if policy is PLATFORM else HERE)
    else:
        with pytest.raises(refusal):
            admit(policy, who, named, reading=reading)


@given(st.sets(st.sampled_from(Role)), st.booleans(), st.booleans())
def test_nobody_acts_where_he_has_no_role(roles: set[Role], platform: bool, reading: bool) -> None:
    stranger = Actor("wang", {THERE: frozenset(roles)}, platform)
    for policy in (HANDLERS, MEMBERS):
        with pytest.raises(NotFound):
            admit(policy, stranger, HERE, reading=reading)


@given(st.sets(st.sampled_from(sorted(set(Role) - {Role.platform})), min_size=1), st.booleans())
def test_an_allowed_role_is_needed(roles: set[Role], reading: bool) -> None:
    who = Actor("wang", {HERE: frozenset(roles)})
    admitted = bool(roles & HANDLERS.roles) or (reading and Role.street in roles)
    try:
        admit(HANDLERS, who, HERE, reading=reading)
    except Forbidden:
        assert not admitted
    else:
        assert admitted


def test_policies_are_said_once_and_in_words() -> None:
    with pytest.raises(TypeError, match="name the roles"):
        allow()

    @allow(Role.handler)
    def endpoint() -> None: ...

    with pytest.raises(TypeError, match="has a policy already"):
        public()(endpoint)
    policy = policy_of(endpoint)
    assert policy is not None
    assert policy.described() == {"access": "roles", "roles": ["handler"]}
    assert policy_of(members()(lambda: None)) == MEMBERS


def test_the_platform_is_no_role_in_a_community() -> None:
    for policy, reading in product((HANDLERS, MEMBERS), (True, False)):
        who = Actor("wang", {HERE: frozenset({Role.platform})})
        with pytest.raises(Forbidden):
            admit(policy, who, HERE, reading=reading)
