"""A fact made from a draft is the fact itself: the same type, topic, key and data."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import Event, IssueReported
from shared.contracts.catalogue import published
from shared.contracts.draft import Draft
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from tests.contracts.checked_in import load, types
from tests.contracts.made_values import values
from tests.contracts.test_round_trip import EXAMPLES, NIL, read

TIME = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", types())
def test_a_filled_draft_goes_out_as_the_whole_fact_would(name: str) -> None:
    schema, fact = load("schemas", name), published()[name]

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(values(schema, schema.get("definitions", {})), st.sets(st.sampled_from(sorted(fact.model_fields))))
    def same(value: Any, chosen: set[str]) -> None:
        if (whole := read(fact, value)) is None:
            return
        gaps = chosen | {fact.subject_field}
        filled = Draft(whole, *gaps).filled({gap: whole.__dict__[gap] for gap in gaps})
        event: Event[Any] = Event(NIL, "/linli/test", TIME, NIL, 1, whole)
        expected, found = to_record(event), to_record(event._replace(data=filled))
        assert (found.topic, found.key, found.headers) == (expected.topic, expected.key, expected.headers)
        assert json.loads(found.value) == json.loads(expected.value)

    same()


def test_what_the_example_says_in_a_gap_goes_out_in_no_event() -> None:
    example = IssueReported(
        case=NIL,
        category="noise",
        priority="urgent",
        state="reported",
        reporter="an-example",
        reported_at=TIME,
    )
    case = new_id()
    filled = Draft(example, "case", "reporter").filled({"case": case, "reporter": None})
    said = IssueReported.model_validate_json(filled.written())
    assert (said.case, said.reporter, said.reported_at) == (case, None, TIME)


@pytest.mark.parametrize("given", [{}, {"case": NIL}, {"case": NIL, "reporter": None, "place": None}])
def test_a_draft_is_filled_whole_and_with_nothing_else(given: dict[str, Any]) -> None:
    example = IssueReported(case=NIL, category="noise", priority="urgent", state="reported", reported_at=TIME)
    with pytest.raises(TypeError, match=r"gaps \['case', 'reporter'\]"):
        Draft(example, "case", "reporter").filled(given)
