"""Keys are placed as other producers place them."""

import pytest
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.partitions import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    # From Apache Kafka's own UtilsTest.testMurmur2, there as signed numbers.
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_javas(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed % 2**32


@given(key=st.binary(max_size=80), partitions=st.integers(1, 60))
def test_a_key_has_one_partition_and_it_is_the_default_partitioners(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions, 1) == (reference(key) & 0x7FFFFFFF) % partitions


def test_rows_without_a_key_take_turns() -> None:
    assert [partition_of(None, 3, turn) for turn in range(4)] == [0, 1, 2, 0]
