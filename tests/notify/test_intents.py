"""The keys by which a repeat is known."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.intents import INTENTS, intent_of, message_of, rule_id, token_of
from shared.identifiers import derived_id

NAMES = st.text(alphabet="abc-/", min_size=1, max_size=6)
KEYS = st.tuples(NAMES, st.uuids(), st.uuids().map(str), st.integers(1, 9), NAMES, NAMES)
Key = tuple[str, UUID, str, int, str, str]


@given(KEYS, KEYS)
def test_an_intent_is_the_same_exactly_when_all_that_names_it_is(one: Key, other: Key) -> None:
    assert (intent_of(*one) == intent_of(*other)) == (one == other)


@given(st.text(max_size=40))
def test_derived_ids_are_what_the_standard_library_derives(name: str) -> None:
    assert derived_id(INTENTS, name) == uuid5(INTENTS, name)


@given(st.uuids())
def test_a_token_leads_back_to_its_message_and_suits_every_vendor(message: UUID) -> None:
    token = token_of(message)
    assert message_of(token) == message
    assert len(token) == 26
    assert token.isalnum()
    assert token == token.lower()


@given(st.text(max_size=40))
def test_a_strangers_token_is_none_of_ours(token: str) -> None:
    found = message_of(token)
    assert found is None or token_of(found)[:25] == token.lower()[:25]


def test_a_rule_keeps_its_id_when_a_community_overrides_it() -> None:
    assert rule_id("case-resolved") == rule_id("case-resolved") != rule_id("case-received")
