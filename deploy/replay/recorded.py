"""The recorded files: where they are and their rows as they stand in them."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ISSUE_REPORTS: Final = "issue-reports.csv.gz"
PARKING_STAYS: Final = "parking-stays.csv.gz"
RIDER_DAYS: Final = "rider-days.tar.xz"

Row = dict[str, str]


class DataMissing(Exception):
    """A recorded file is not where it was said to be."""


def recorded(folder: Path, name: str) -> Path:
    """Give a file of the folder.

    Raises:
        DataMissing: the folder does not have it.
    """
    path = folder / name
    if not path.is_file():
        raise DataMissing(
            f"{path} does not exist: name the folder of the recorded files, make replay DATA=folder"
        )
    return path


def rows_of(path: Path) -> list[Row]:
    """Read all rows by column name."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines_of(path: Path) -> Iterator[bytes]:
    """Give the file's lines as they are, header first; these files have no line break within a field."""
    with gzip.open(path, "rb") as file:
        yield from file
