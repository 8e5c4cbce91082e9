"""Rows as JSON, in which many of them travel to the server most cheaply: `json_to_recordset` opens them.

As bytes, which statements read by `convert_from`: as a text, Chinese words would be decoded here only for
asyncpg to encode them again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson


def as_json(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write rows of texts, numbers, ids and times, by column."""
    # asyncpg reads ids as a subclass of UUID, which orjson leaves to us.
    return orjson.dumps(rows, str)
