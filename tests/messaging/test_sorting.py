"""How a chunk is divided: nothing is lost, no key's order is broken, runs are contiguous."""

from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Event, Fact, IssueAssigned, IssueReported, IssueResolved
from shared.database.work import Work
from shared.messaging.envelope import to_record
from shared.messaging.incoming import Incoming, pack_headers, storable, unpack_headers
from shared.messaging.sorting import Item, Refused, Skipped, Taken, by_type, read_item, runs, sort_out
from shared.messaging.subscription import Subscription
from tests.messaging.events import event_of, reported, resolved


async def one(work: Work, events: Any) -> None: ...


async def other(work: Work, events: Any) -> None: ...


SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    IssueReported: Subscription(one),
    IssueResolved: Subscription(one),
    IssueAssigned: Subscription(other),
}
KEYS = [None, b"a", b"b", b"c"]


def incoming(event: Event[Any], offset: int, key: bytes | None, value: bytes | None = None) -> Incoming:
    record = to_record(event)
    headers = tuple((name, text.encode()) for name, text in record.headers.items())
    return Incoming("linli.issues", 0, offset, key, headers, value or record.value, 0)


@st.composite
def chunks(draw: st.DrawFn) -> list[Incoming]:
    kinds = draw(st.lists(st.tuples(st.sampled_from("rrsspu"), st.sampled_from(KEYS)), max_size=25))
    records = []
    for offset, (kind, key) in enumerate(kinds):
        event = event_of(reported() if kind == "r" else resolved())
        record = incoming(event, offset, key, b"{" if kind == "p" else None)
        if kind == "u":
            record = Incoming(
                "linli.issues", 0, offset, key, (*record.headers, ("ce_type", b"other")), b"{}", 0
            )
        records.append(record)
    return records


@given(chunk=chunks(), blocked=st.sets(st.sampled_from(KEYS[1:])))
def test_every_record_has_one_fate_and_keys_keep_their_order(
    chunk: list[Incoming], blocked: set[bytes]
) -> None:
    items = [read_item(record, SUBSCRIPTIONS, by_type(SUBSCRIPTIONS)) for record in chunk]
    done = sort_out(items, blocked)
    fates: list[Item] = [*done.taken, *done.refused, *done.skipped]
    offsets = [item.incoming.offset for item in fates] + [record.offset for record in done.parked]
    assert sorted(offsets) == list(range(len(chunk)))
    for group in (done.taken, done.refused, done.skipped):
        places = [item.incoming.offset for item in group]
        assert places == sorted(places)
    assert all(a.offset < b.offset for a, b in pairwise(done.parked))
    for key in KEYS[1:]:
        refused = [item.incoming.offset for item in done.refused if item.incoming.key == key]
        taken = [item.incoming.offset for item in done.taken if item.incoming.key == key]
        parked = [record.offset for record in done.parked if record.key == key]
        if key in blocked:
            assert not refused
            assert not taken
        assert len(refused) <= 1
        assert all(offset < min(refused) for offset in taken if refused)
        assert all(offset > min(refused) for offset in parked if refused)
    assert not [record for record in done.parked if record.key is None]


@given(chunk=chunks())
def test_runs_are_contiguous_and_as_long_as_can_be(chunk: list[Incoming]) -> None:
    items = [read_item(record, SUBSCRIPTIONS, by_type(SUBSCRIPTIONS)) for record in chunk]
    taken = sort_out(items, ()).taken
    split = list(runs(taken))
    assert [event for _, events in split for event in events] == [item.event for item in taken]
    assert all(first[0] is not second[0] for first, second in pairwise(split))
    assert all(events for _, events in split)


def test_each_kind_of_record_is_told_apart() -> None:
    event = event_of(reported(UUID(int=1)))
    facts = by_type(SUBSCRIPTIONS)
    assert isinstance(read_item(incoming(event, 0, b"k"), SUBSCRIPTIONS, facts), Taken)
    assert isinstance(read_item(incoming(event, 0, b"k", b"{"), SUBSCRIPTIONS, facts), Refused)
    assert isinstance(read_item(incoming(event, 0, b"k"), {}, {}), Skipped)


@given(headers=st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.none() | st.binary())))
def test_headers_are_kept_exactly(headers: list[tuple[str, bytes | None]]) -> None:
    assert unpack_headers(pack_headers(tuple(headers))) == tuple(headers)


def test_text_for_the_database_has_no_nul_and_an_end() -> None:
    assert storable("a\x00b" * 100, 5) == "a\N{REPLACEMENT CHARACTER}ba\N{REPLACEMENT CHARACTER}"


@given(timestamp=st.integers(-(2**63), 2**63 - 1))
def test_any_timestamp_can_be_kept(timestamp: int) -> None:
    assert Incoming("t", 0, 0, None, (), None, timestamp).recorded_at.tzinfo is not None
