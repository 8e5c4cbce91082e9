"""What is said from a draft are the facts themselves: the same type, topic, key, headers and data."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import Event, Fact, IssueAssigned, IssueReported
from shared.contracts.catalogue import published
from shared.contracts.fact import written
from shared.contracts.issues.case import Assignee
from shared.contracts.issues.register import PlaceClosed
from shared.database.work import Work
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.messaging.draft import Draft
from shared.messaging.envelope import EventTooLarge, to_record
from shared.messaging.wire import unpack_records
from tests.contracts.checked_in import load, types
from tests.contracts.made_values import values
from tests.contracts.test_round_trip import EXAMPLES, NIL, read

TIME = datetime(2026, 3, 1, 12, 30, 0, 5000, UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REPORTED = IssueReported(
    case=NIL, category="noise", priority="urgent", state="reported", reporter="an-example", reported_at=TIME
)
ASSIGNED = IssueAssigned(case=NIL, category="noise", priority="urgent", assignee=Assignee(role="guard"))


def said(draft: Draft, *filled: bytes, community: UUID = NIL, trace: str | None = None) -> list[Any]:
    """Give topic, key, headers and value of each fact of the draft, and that they share a row."""
    work = Work(None, TIME, "test", None, None, "/linli/test", outbox)  # type: ignore[arg-type]
    draft.emit(work, filled, community=community, time=written(TIME), traceparent=trace)
    ((topic, key, records),) = work.outgoing
    return [(topic, key, headers, value) for headers, value in unpack_records(records)]


@pytest.mark.parametrize("name", types())
def test_what_is_said_from_a_draft_is_what_the_whole_facts_would_say(name: str) -> None:
    schema, fact = load("schemas", name), published()[name]

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(
        values(schema, schema.get("definitions", {})),
        st.sets(st.sampled_from(sorted(fact.model_fields))),
        st.sampled_from([TRACE, None]),
    )
    def same(value: Any, chosen: set[str], trace: str | None) -> None:
        if (whole := read(fact, value)) is None:
            return
        gaps = [fact.subject_field, *(chosen - {fact.subject_field})]
        filled = [written(whole.__dict__[gap]) for gap in gaps]
        idents = set()
        found = said(Draft([whole, whole], gaps), *filled, trace=trace)
        for sequence, (topic, key, headers, data) in enumerate(found, 1):
            ident = UUID(headers["ce_id"])
            expected = to_record(Event(ident, "/linli/test", TIME, NIL, sequence, whole, False, trace))
            assert (topic, key, headers) == (expected.topic, expected.key, expected.headers)
            assert json.loads(data) == json.loads(expected.value)
            idents.add(ident)
        assert len(idents) == 2 == len(found)

    same()


def test_a_gap_is_filled_where_a_fact_has_it_and_what_the_example_says_there_goes_out_in_no_event() -> None:
    draft, case = Draft([REPORTED, ASSIGNED], ["case", "reporter", "reported_at"]), new_id()
    reported, assigned = said(draft, written(case), b"null", written(TIME), community=case)
    first = IssueReported.model_validate_json(reported[3])
    assert (first.case, first.reporter, first.reported_at) == (case, None, TIME)
    assert reported[2]["ce_community"] == str(case)
    assert IssueAssigned.model_validate_json(assigned[3]) == ASSIGNED.model_copy(update={"case": case})


def test_a_percent_sign_is_no_gap() -> None:
    whole = REPORTED.model_copy(update={"reporter": "100%b"})
    ((*_, data),) = said(Draft([whole], ["case"]), written(NIL))
    assert IssueReported.model_validate_json(data) == whole


@pytest.mark.parametrize("filled", [[], [b'"x"'], [b'"x"', b"null", b"null"]])
def test_a_draft_is_filled_whole_and_with_nothing_else(filled: list[bytes]) -> None:
    with pytest.raises(ValueError, match="the gaps are case, reporter"):
        said(Draft([REPORTED], ["case", "reporter"]), *filled)


@pytest.mark.parametrize(
    ("facts", "gaps"),
    [
        ([REPORTED], ["reporter"]),
        ([REPORTED, PlaceClosed(place=NIL)], ["case"]),
    ],
)
def test_facts_of_one_draft_are_about_one_thing(facts: list[Fact], gaps: list[str]) -> None:
    with pytest.raises(ValueError, match="not all facts are about the same"):
        Draft(facts, gaps)


def test_a_draft_is_held_to_the_limit_of_the_contract() -> None:
    with pytest.raises(EventTooLarge):
        said(Draft([REPORTED], ["case", "reporter"]), written(NIL), b'"%b"' % (b"x" * 256 * 1024))
