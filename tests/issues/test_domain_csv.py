"""CSV in pieces reads as CSV in one piece, and what is no CSV says so."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.csv_blocks import LONGEST_ROW, BadCsv, CsvBlocks, whole

fields = st.text(st.sampled_from('ab,"\n\r 中é'), max_size=6)
tables = st.lists(st.lists(fields, min_size=2, max_size=4), max_size=8)


def written(table: list[list[str]], *, bom: bool) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


@given(tables, st.booleans(), st.lists(st.integers(1, 9)), st.booleans())
def test_pieces_read_as_the_whole(
    table: list[list[str]], bom: bool, sizes: list[int], ends_with_a_break: bool
) -> None:
    data = written(table, bom=bom)
    if not ends_with_a_break:
        data = data.removesuffix(b"\r\n")
    blocks, rows = CsvBlocks(), []
    for size in sizes:
        rows += blocks.feed(data[:size])
        data = data[size:]
    rows += blocks.feed(data)
    rows += blocks.finish()
    assert rows == table


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n\xff\xfe\n",
        b'a,"b\nc',
        b"a,\x00b\n",
        "截".encode()[:2],
        b'a,"' + b"x" * (LONGEST_ROW + 10) + b"\n\n",
        b'a,"' + b"x\n" * (4 * LONGEST_ROW),  # 4 million lines, which must not be counted for each of them
    ],
)
def test_what_is_no_csv_says_so(data: bytes) -> None:
    with pytest.raises(BadCsv):
        whole(data)


def test_empty_lines_are_no_rows() -> None:
    assert whole(b"\xef\xbb\xbfa,b\n\n1,2\n") == [["a", "b"], ["1", "2"]]
