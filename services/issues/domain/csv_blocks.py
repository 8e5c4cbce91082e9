"""Reading CSV of any length a block at a time (RFC 4180: quoted fields may hold line breaks)."""

import codecs
import csv
import io
from collections.abc import Iterable

LONGEST_ROW = 1_000_000


class BadCsv(ValueError):
    """The bytes are not CSV in UTF-8; `extensions` say what had become of them until then."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions: dict[str, int] = {}


class CsvBlocks:
    """Turns bytes, as they arrive, into rows; holds back no more than the row that is not complete yet."""

    def __init__(self, delimiter: str = ",") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._delimiter = delimiter
        self._text = ""

    def feed(self, data: bytes) -> list[list[str]]:
        """Take the next bytes and give the rows they complete; empty lines are no rows.

        Raises:
            BadCsv: not UTF-8, or a row longer than a million characters (a quote that is never closed).
        """
        text = self._text + self._decode(data, last=False)
        end = _end_of_whole_rows(text)
        self._text = text[end:]
        if len(self._text) > LONGEST_ROW:
            raise BadCsv(f"a row is longer than {LONGEST_ROW} characters: is a quote left open?")
        return self._rows(text[:end])

    def finish(self) -> list[list[str]]:
        """Give the last row, which may lack its line break.

        Raises:
            BadCsv: the bytes end inside a character or a quoted field.
        """
        text = self._text + self._decode(b"", last=True)
        self._text = ""
        if text.count('"') % 2:
            raise BadCsv("the text ends inside a quoted field")
        return self._rows(text)

    def _decode(self, data: bytes, *, last: bool) -> str:
        try:
            return self._decoder.decode(data, last)
        except UnicodeDecodeError as error:
            raise BadCsv(f"not UTF-8: {error.reason}") from error

    def _rows(self, text: str) -> list[list[str]]:
        if "\0" in text:
            raise BadCsv("a zero byte")
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter)
            return [row for row in lines if row]
        except csv.Error as error:
            raise BadCsv(str(error)) from error


def whole(data: bytes) -> list[list[str]]:
    """Read CSV that is all there.

    Raises:
        BadCsv: see `CsvBlocks`.
    """
    blocks = CsvBlocks()
    return [*blocks.feed(data), *blocks.finish()]


def column_numbers(header: Iterable[str]) -> dict[str, int]:
    """Tell where each named column stands.

    Raises:
        BadCsv: a name appears twice.
    """
    numbers: dict[str, int] = {}
    for number, name in enumerate(header):
        if name in numbers:
            raise BadCsv(f"the column {name} appears twice")
        numbers[name] = number
    return numbers


def _end_of_whole_rows(text: str) -> int:
    """Find the end of the last row that is complete: a line break with all quotes before it in pairs."""
    end = text.rfind("\n") + 1
    odd = text.count('"', 0, end) % 2
    while end and odd:  # each character is counted twice at most, also where a quote is never closed
        line = text.rfind("\n", 0, end - 1) + 1
        odd = (odd + text.count('"', line, end)) % 2
        end = line
    return end
