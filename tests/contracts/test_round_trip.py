"""Model and schema agree on every value, and what is written is read back the same."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts import Event, Fact
from shared.contracts.catalogue import published
from shared.messaging.envelope import to_record
from tests.contracts.checked_in import load, types, validator
from tests.contracts.made_values import values

NIL = UUID(int=0)
# For each of dozens of facts, whose fields are of the same few kinds.
EXAMPLES = 20


def read(fact: type[Fact], value: Any) -> Fact | None:
    try:
        return fact.model_validate_json(json.dumps(value))
    except ValidationError:
        return None


def sent(fact: Fact) -> bytes:
    """What a fact is on its way, which is not made by its model's own serialiser."""
    return to_record(Event(NIL, "/linli/test", datetime.now(UTC), NIL, 1, fact)).value


@pytest.mark.parametrize("name", types())
def test_model_and_schema_agree_and_nothing_is_lost(name: str) -> None:
    schema, fact, judge = load("schemas", name), published()[name], validator(name)
    parts = schema.get("definitions", {})

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(values(schema, parts))
    def agree(value: Any) -> None:
        found = read(fact, value)
        assert (found is not None) == judge.is_valid(value)
        if found is not None:
            written = sent(found)
            assert written == found.model_dump_json().encode()
            assert fact.model_validate_json(written) == found
            assert judge.is_valid(json.loads(written))
            assert fact.model_validate(found.model_dump()) == found

    agree()


@pytest.mark.parametrize("name", types())
def test_what_the_schema_allows_the_model_reads_even_when_bent(name: str) -> None:
    example, fact, judge = load("examples", name)[0]["value"], published()[name], validator(name)
    # 1.0 is an integer to JSON Schema; no producer of ours writes one so, and a strict reader refuses it.
    fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0)
    anything: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers() | fractions | st.text() | st.just([])
    )

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.sampled_from(sorted(example)), anything)
    def bend(field: str, thing: Any) -> None:
        bent = example | {field: thing}
        assert not judge.is_valid(bent) or read(fact, bent) is not None

    bend()
