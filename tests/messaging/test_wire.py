"""What is written straight is what aiokafka's own builder writes, byte for byte."""

from itertools import pairwise, takewhile
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.embedded.databases import DatabaseUrls
from shared.messaging.envelope import Row
from shared.messaging.outbox import MOST_TOGETHER, add
from shared.messaging.tables import HEADERS_AS_THEY_TRAVEL, MESSAGING_TABLES, RECORDS_AS_THEY_TRAVEL
from shared.messaging.wire import (
    RecordBatch,
    headers_form,
    pack_headers,
    pack_record,
    unpack_headers,
    unpack_records,
)
from tests.messaging.events import event_of, reported

TEXTS = st.text(max_size=200)
BARE = 61  # bytes before the first record
LENGTHS = (0, 1, 63, 64, 2047, 2048, 8191, 8192, 70_000)
HEADERS = st.dictionaries(TEXTS, TEXTS, max_size=12)
RECORDS = st.tuples(st.none() | st.binary(max_size=80), HEADERS, st.binary(max_size=400))
ROWS = st.lists(st.lists(RECORDS, min_size=1, max_size=5), min_size=1, max_size=20)


def built(batch: RecordBatch | BatchBuilder) -> bytes:
    batch._set_producer_state(7, 3, 2**31 - 5)
    return bytes(batch._build())


def packed(headers: dict[str, str], value: bytes) -> bytes:
    return pack_record(value, pack_headers(headers))


@given(records=st.lists(RECORDS, min_size=1, max_size=80), most=st.integers(100, 20_000))
@example(records=[(None, {"n": "%" * length}, b"v" * length) for length in LENGTHS], most=1_000_000)
@example(records=[(b"k", {}, b"")] * 8200, most=1_000_000)
def test_a_batch_is_what_the_library_writes(
    records: list[tuple[bytes | None, dict[str, str], bytes]], most: int
) -> None:
    ours = RecordBatch(most)
    taken = list(takewhile(lambda one: ours.add(one[0], packed(*one[1:])), records))
    written = built(ours)
    milliseconds = int.from_bytes(written[27:35], "big")
    theirs = BatchBuilder(2_000_000, 0)
    for key, headers, value in taken:
        pairs = [(name, text.encode()) for name, text in headers.items()]
        theirs.append(timestamp=milliseconds, key=key, value=value, headers=pairs)
    assert ours.record_count() == len(taken)
    assert written == built(theirs)
    assert built(ours) == written  # when it is sent again
    assert len(taken) == 1 or len(written) <= most
    rest = RecordBatch(most)
    for key, headers, value in records[len(taken) : len(taken) + 1]:  # the one that had no room needed it
        rest.add(key, packed(headers, value))
        assert len(written) + len(built(rest)) - BARE >= most


@given(rows=ROWS, most=st.integers(100, 5000))
def test_the_records_of_a_row_go_together_or_not_at_all(
    rows: list[list[tuple[bytes | None, dict[str, str], bytes]]], most: int
) -> None:
    ours, singly = RecordBatch(most), RecordBatch(1_000_000)
    for row in rows:
        key, before = row[0][0], ours.record_count()
        joined = b"".join(packed(headers, value) for _, headers, value in row)
        assert list(unpack_records(joined)) == [(headers, value) for _, headers, value in row]
        if not ours.add(key, joined):
            assert ours.record_count() == before > 0
            break
        for _, headers, value in row:
            singly.add(key, packed(headers, value))
    assert ours.record_count() == singly.record_count()
    assert built(ours)[43:] == built(singly)[43:]  # behind the times at which they were made


@given(said=st.lists(st.tuples(st.sampled_from([uuid4(), uuid4()]), st.integers(0, 2 * MOST_TOGETHER))))
def test_what_is_said_of_one_thing_in_a_row_shares_one(said: list[tuple[UUID, int]]) -> None:
    rows: list[Row] = []
    for sequence, (case, size) in enumerate(said):
        add(rows, event_of(reported(case).model_copy(update={"reporter": "r" * size}), sequence))
    records = [[headers for headers, _ in unpack_records(row)] for _, _, row in rows]
    found = [(headers["ce_subject"], int(headers["ce_sequence"])) for held in records for headers in held]
    assert found == [(str(case), sequence) for sequence, (case, _) in enumerate(said)]
    subjects = [{headers["ce_subject"].encode() for headers in held} for held in records]
    assert subjects == [{key} for _, key, _ in rows]
    for (_, key, before), (_, next_key, after) in pairwise(rows):
        assert key != next_key or len(before) + 4 + int.from_bytes(after[:4], "big") > MOST_TOGETHER
    for (_, _, row), held in zip(rows, records, strict=True):
        assert len(row) <= MOST_TOGETHER or len(held) == 1


@given(headers=HEADERS)
def test_headers_come_out_as_they_went_in(headers: dict[str, str]) -> None:
    written = pack_headers(headers)
    assert unpack_headers(written) == headers
    assert headers_form({name: text.encode() for name, text in headers.items()}) % () == written


@pytest.mark.anyio
async def test_what_waits_while_the_tables_change_is_sent_all_the_same(empty_database: DatabaseUrls) -> None:
    waiting = [
        {"ce_id": "1", "ce_subject": '合源小区 "3" 100 % \\', "ce_empty": ""},
        {str(length): "x" * length for length in LENGTHS},
        {},
    ]
    owner = await asyncpg.connect(empty_database.owner_url)
    for statement in MESSAGING_TABLES:
        await owner.execute(statement)
    for headers in waiting:
        await owner.execute(
            "INSERT INTO outbox (topic, headers, value) VALUES ('t', $1, '')", orjson.dumps(headers).decode()
        )
    for statement in HEADERS_AS_THEY_TRAVEL:
        await owner.execute(statement)
    rows = await owner.fetch("SELECT headers FROM outbox ORDER BY id")
    assert [unpack_headers(row["headers"]) for row in rows] == waiting
    assert [row["headers"] for row in rows] == [pack_headers(headers) for headers in waiting]
    values = [b"v" * length for length in LENGTHS[: len(waiting)]]
    for number, value in enumerate(values, start=1):
        await owner.execute("UPDATE outbox SET value = $2 WHERE id = $1", number, value)
    for statement in RECORDS_AS_THEY_TRAVEL:
        await owner.execute(statement)
    rows = await owner.fetch("SELECT records FROM outbox ORDER BY id")
    await owner.close()
    assert [row["records"] for row in rows] == list(map(packed, waiting, values))
