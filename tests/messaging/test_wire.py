"""What is written straight is what aiokafka's own builder writes, byte for byte."""

from itertools import takewhile

import asyncpg
import orjson
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.embedded.databases import DatabaseUrls
from shared.messaging.tables import HEADERS_AS_THEY_TRAVEL, MESSAGING_TABLES
from shared.messaging.wire import RecordBatch, headers_form, pack_headers, unpack_headers

TEXTS = st.text(max_size=200)
BARE = 61  # bytes before the first record
LENGTHS = (0, 1, 63, 64, 2047, 2048, 8191, 8192, 70_000)
HEADERS = st.dictionaries(TEXTS, TEXTS, max_size=12)
RECORDS = st.tuples(st.none() | st.binary(max_size=80), HEADERS, st.binary(max_size=400))


def built(batch: RecordBatch | BatchBuilder) -> bytes:
    batch._set_producer_state(7, 3, 2**31 - 5)
    return bytes(batch._build())


@given(records=st.lists(RECORDS, min_size=1, max_size=80), most=st.integers(100, 20_000))
@example(records=[(None, {"n": "%" * length}, b"v" * length) for length in LENGTHS], most=1_000_000)
@example(records=[(b"k", {}, b"")] * 8200, most=1_000_000)
def test_a_batch_is_what_the_library_writes(
    records: list[tuple[bytes | None, dict[str, str], bytes]], most: int
) -> None:
    ours = RecordBatch(most)
    taken = list(takewhile(lambda one: ours.add(one[0], pack_headers(one[1]), one[2]), records))
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
        rest.add(key, pack_headers(headers), value)
        assert len(written) + len(built(rest)) - BARE >= most


@given(headers=HEADERS)
def test_headers_come_out_as_they_went_in(headers: dict[str, str]) -> None:
    packed = pack_headers(headers)
    assert unpack_headers(packed) == headers
    assert headers_form({name: text.encode() for name, text in headers.items()}) % () == packed


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
    await owner.close()
    assert [unpack_headers(row["headers"]) for row in rows] == waiting
    assert [row["headers"] for row in rows] == [pack_headers(headers) for headers in waiting]
