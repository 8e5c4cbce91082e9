"""The envelope: what we write others read, what others write we read, and what is wrong says why."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Event, IssueReported, IssueResolved
from shared.messaging.attributes import InvalidEnvelope
from shared.messaging.envelope import VALUE_LIMIT, EventTooLarge, Record, UnknownType, read_record, to_record
from tests.messaging.events import TRACE, event_of, reported, resolved

Pairs = list[tuple[str, bytes | None]]


def pairs(record: Record) -> Pairs:
    return [(name, text.encode()) for name, text in record.headers.items()]


@given(
    sequence=st.integers(0, 2**63 - 1),
    time=st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.timezones(no_cache=True)),  # noqa: DTZ001
    imported=st.booleans(),
    traceparent=st.sampled_from([None, TRACE]),
)
def test_what_is_written_is_read_back_equal(
    sequence: int, time: datetime, imported: bool, traceparent: str | None
) -> None:
    event = event_of(
        reported(), sequence, time=time.astimezone(UTC), imported=imported, traceparent=traceparent
    )
    record = to_record(event)
    assert read_record(pairs(record), record.value, timestamp=0) == event


def test_binary_mode_has_every_attribute_in_its_header() -> None:
    event = event_of(reported(), 7, traceparent=TRACE, imported=True)
    record = to_record(event)
    assert (record.topic, record.key) == ("linli.issues", event.subject.encode())
    assert record.headers == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": "/linli/issues",
        "ce_type": "linli.issues.issue-reported.v1",
        "ce_subject": event.subject,
        "ce_partitionkey": event.subject,
        "ce_time": "2026-03-01T08:30:00.123456Z",
        "ce_community": str(event.community),
        "ce_sequence": "0000000000000000007",
        "ce_imported": "true",
        "ce_traceparent": TRACE,
    }
    assert orjson.loads(record.value)["case"] == event.subject


def structured(event: Event[IssueReported], **changes: object) -> bytes:
    whole = {
        "specversion": "1.0",
        "id": "order 66",
        "source": "https://city.example/hotline",
        "type": event.type,
        "time": "2026-03-01T16:30:00.123456789+08:00",
        "community": str(event.community),
        "sequence": "3",
        "imported": True,
        "data": orjson.loads(to_record(event).value),
    }
    return orjson.dumps({name: value for name, value in (whole | changes).items() if value is not ...})


STRUCTURED: Pairs = [("content-type", b"application/cloudevents+json; charset=utf-8")]


def test_structured_mode_of_a_stranger_is_read() -> None:
    event = event_of(reported())
    read = read_record(STRUCTURED, structured(event), timestamp=0)
    assert (read.data, read.community, read.sequence, read.imported) == (event.data, event.community, 3, True)
    assert read.time == datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
    assert read.id.version == 5
    again = read_record(STRUCTURED, structured(event), timestamp=0)
    elsewhere = read_record(STRUCTURED, structured(event, source="/other"), timestamp=0)
    assert again.id == read.id != elsewhere.id


def test_structured_data_may_be_base64() -> None:
    event = event_of(reported())
    data = base64.b64encode(to_record(event).value).decode()
    body = structured(event, data=..., data_base64=data)
    assert read_record(STRUCTURED, body, timestamp=0).data == event.data


def test_an_event_without_time_has_kafkas() -> None:
    event = event_of(reported())
    read = read_record(STRUCTURED, structured(event, time=...), timestamp=1_772_353_800_000)
    assert read.time == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_only_a_version_7_id_of_ours_is_kept() -> None:
    mine, version4 = event_of(reported()), event_of(reported(), id=uuid4())
    for event, kept in ((mine, True), (version4, False)):
        record = to_record(event)
        assert (read_record(pairs(record), record.value, timestamp=0).id == event.id) is kept
    strange = to_record(event_of(reported(), source="/elsewhere"))
    assert read_record(pairs(strange), strange.value, timestamp=0).id.version == 5


def test_opentelemetrys_own_header_is_the_trace_when_there_is_no_other() -> None:
    record = to_record(event_of(reported()))
    read = read_record([*pairs(record), ("traceparent", TRACE.encode())], record.value, timestamp=0)
    assert read.traceparent == TRACE


def test_unknown_types_and_newer_versions_are_no_error_of_the_record() -> None:
    record = to_record(event_of(reported()))
    for unknown in (b"linli.issues.issue-reported.v2", b"com.example.other"):
        changed = [(name, unknown if name == "ce_type" else text) for name, text in pairs(record)]
        with pytest.raises(UnknownType):
            read_record(changed, b"{}", timestamp=0)
    with pytest.raises(UnknownType):
        read_record(pairs(record), record.value, timestamp=0, facts={IssueResolved.event_type: IssueResolved})


BROKEN: dict[str, tuple[str, bytes | None, str]] = {
    "no specversion": ("ce_specversion", None, "no-envelope"),
    "another specversion": ("ce_specversion", b"0.3", "no-envelope"),
    "no id": ("ce_id", b"", "no-envelope"),
    "no type": ("ce_type", None, "no-envelope"),
    "no source": ("ce_source", None, "no-envelope"),
    "another content": ("content-type", b"application/avro", "no-envelope"),
    "a batch": ("content-type", b"application/cloudevents-batch+json", "no-envelope"),
    "no community": ("ce_community", None, "broken-envelope"),
    "a community's name": ("ce_community", b"Heyuan", "broken-envelope"),
    "negative sequence": ("ce_sequence", b"-1", "broken-envelope"),
    "huge sequence": ("ce_sequence", b"9" * 19, "broken-envelope"),
    "no time at all": ("ce_time", b"yesterday", "broken-envelope"),
    "time without zone": ("ce_time", b"2026-03-01T08:30:00", "broken-envelope"),
    "time out of range": ("ce_time", b"0001-01-01T00:00:00+14:00", "broken-envelope"),
    "doubtful imported": ("ce_imported", b"maybe", "broken-envelope"),
    "no UTF-8": ("ce_subject", b"\xff", "broken-envelope"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_envelope_says_what_is_broken(name: str) -> None:
    header, text, reason = BROKEN[name]
    record = to_record(event_of(reported()))
    changed = dict(pairs(record)) | {header: text}
    with pytest.raises(InvalidEnvelope) as caught:
        read_record(list(changed.items()), record.value, timestamp=0)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null-value"),
        (b"", "broken-json"),
        (b"{", "broken-json"),
        (b"[]", "wrong-data"),
        (b'{"case": "13800138000"}', "wrong-data"),
        (b" " * (VALUE_LIMIT + 1), "oversize"),
    ],
)
def test_a_broken_value_says_what_is_broken_and_keeps_its_content_to_itself(
    value: bytes | None, reason: str
) -> None:
    record = to_record(event_of(reported()))
    with pytest.raises(InvalidEnvelope) as caught:
        read_record(pairs(record), value, timestamp=0)
    assert caught.value.reason == reason
    assert "13800138000" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'"text"', b"{}", b'{"specversion": "1.0", "data_base64": 1}']
)
def test_broken_structured_mode_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidEnvelope):
        read_record(STRUCTURED, body, timestamp=0)


@given(
    headers=st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=40))), value=st.binary()
)
def test_nothing_at_all_makes_the_reader_fail_otherwise(headers: Pairs, value: bytes) -> None:
    with pytest.raises((InvalidEnvelope, UnknownType)):
        read_record(headers, value, timestamp=0)


@given(value=st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(orjson.dumps))
def test_no_structured_value_makes_the_reader_fail_otherwise(value: bytes) -> None:
    with pytest.raises((InvalidEnvelope, UnknownType)):
        read_record(STRUCTURED, value, timestamp=0)


def test_an_event_above_the_limit_is_not_written() -> None:
    flags = tuple(f"flag-{number:058}" for number in range(32))
    large = reported().model_copy(update={"flags": flags * 200})
    with pytest.raises(EventTooLarge):
        to_record(event_of(large))


def test_other_facts_have_their_own_subject() -> None:
    case = UUID(int=5)
    assert to_record(event_of(resolved(case))).key == str(case).encode()
