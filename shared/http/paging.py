"""Keyset paging: an opaque cursor that holds where the last page ended."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from shared.errors import Malformed

Item = TypeVar("Item")
Row = TypeVar("Row")
Kind = type[datetime] | type[UUID] | type[int] | type[str]

MOST = 100
_CHECK = 6
_MAKERS: dict[Any, Callable[[Any], Any]] = {datetime: datetime.fromisoformat, UUID: UUID, int: int, str: str}


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is absent on the last one."""

    items: list[Item]
    next: str | None = Field(None, description="Send it as `cursor` to get the page after this one")


@dataclass(frozen=True, slots=True)
class Paging:
    """The page that a request asks for; read one row more than `limit` to learn whether there is another."""

    limit: int
    cursor: str | None
    listing: str

    def after(self, *kinds: Kind) -> tuple[Any, ...] | None:
        """Read the position behind which the page begins, as values of these kinds; None for the first page.

        Raises:
            Malformed: the cursor was changed or belongs to another list.
        """
        return None if self.cursor is None else _decoded(self.listing, self.cursor, kinds)

    def page(
        self,
        rows: Sequence[Row],
        item: Callable[[Row], Item],
        position: Callable[[Row], tuple[datetime | UUID | int | str, ...]],
    ) -> "Page[Item]":
        """Make the page of up to `limit` + 1 rows; `position` is what the list is ordered by, unique."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page(
            items=[item(row) for row in shown],
            next=_encoded(self.listing, position(shown[-1])) if more else None,
        )


async def paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST, description="The most items to answer with")] = 50,
    cursor: Annotated[str | None, Query(max_length=512, description="`next` of the page before")] = None,
) -> Paging:
    """Read paging from the query; a cursor is bound to the list's path and filters.

    Routes name it as `paging: Paged`.
    """
    filters = sorted(
        pair for pair in request.query_params.multi_items() if pair[0] not in {"limit", "cursor"}
    )
    return Paging(limit, cursor, f"{request.url.path} {filters}")


Paged = Annotated[Paging, Depends(paging)]


def _encoded(listing: str, position: tuple[datetime | UUID | int | str, ...]) -> str:
    values = orjson.dumps([value if isinstance(value, int) else _text(value) for value in position])
    return base64.urlsafe_b64encode(_check(listing, values) + values).rstrip(b"=").decode()


def _text(value: datetime | UUID | str) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _decoded(listing: str, cursor: str, kinds: Sequence[Kind]) -> tuple[Any, ...]:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        values = orjson.loads(raw[_CHECK:])
        if raw[:_CHECK] != _check(listing, raw[_CHECK:]) or len(values) != len(kinds):
            raise Malformed("the cursor is not one of this list")
        return tuple(_value(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Malformed("the cursor is not one of this list") from error


def _value(kind: Kind, value: Any) -> Any:
    return _MAKERS[kind](value)


def _check(listing: str, values: bytes) -> bytes:
    """Tell a cursor of this list from others; no secret, since the values are bound as parameters."""
    return hashlib.blake2b(values, digest_size=_CHECK, key=hashlib.sha256(listing.encode()).digest()).digest()
