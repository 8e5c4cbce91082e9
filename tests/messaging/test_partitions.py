"""Keys are placed as other producers place them."""

import pytest
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.partitions import murmur2, partitions_of


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
    assert murmur2([key]) == (hashed % 2**32,)


@given(keys=st.lists(st.binary(max_size=6) | st.binary(min_size=35, max_size=38) | st.none(), max_size=40))
def test_each_key_is_placed_by_itself_as_the_default_partitioner_does(keys: list[bytes | None]) -> None:
    turns = range(1000, 1000 + len(keys))
    assert partitions_of(keys, turns) == [
        turn if key is None else reference(key) & 0x7FFFFFFF for key, turn in zip(keys, turns, strict=True)
    ]
