"""Which partition a key belongs to: the same as for Java's default partitioner, so that producers agree."""

from functools import lru_cache
from struct import unpack

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


@lru_cache(maxsize=65_536)
def murmur2(data: bytes) -> int:
    """Hash as `org.apache.kafka.common.utils.Utils.murmur2` does, as an unsigned number."""
    length = len(data)
    whole = length // 4
    value = _SEED ^ length
    for word in unpack(f"<{whole}I", data[: whole * 4]):
        mixed = word * _M & _MASK
        value = (value * _M ^ (mixed ^ mixed >> 24) * _M) & _MASK
    rest = data[whole * 4 :]
    if rest:
        value = ((value ^ int.from_bytes(rest, "little")) * _M) & _MASK
    value = ((value ^ (value >> 13)) * _M) & _MASK
    return value ^ (value >> 15)


def partition_of(key: bytes | None, partitions: int, turn: int) -> int:
    """Choose the partition for a key; rows without one take `turn`s."""
    if key is None:
        return turn % partitions
    return (murmur2(key) & 0x7FFFFFFF) % partitions
