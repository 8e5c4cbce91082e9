"""Unpacking a streamed body that is compressed, a bounded piece at a time."""

import zlib
from collections.abc import AsyncIterator, Iterator

from starlette.requests import Request

from shared.errors import Malformed, TooLarge, UnsupportedMedia
from shared.http.call import Call

LARGEST_UNPACKED = 4 * 1024**3
_PIECE = 256 * 1024
_GZIP = 31  # zlib's window bits for a gzip header and trailer


class Gunzip:
    """Unpacks gzip as it arrives; several members in a row are one text (RFC 1952 section 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._unpacked = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what the next bytes unpack to, in pieces, so that no bomb fills the memory.

        Raises:
            Malformed: not gzip.
            TooLarge: it unpacks to more than 4 GiB.
        """
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise Malformed("the body is not gzip, as its Content-Encoding says") from error
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            self._unpacked += len(piece)
            if self._unpacked > LARGEST_UNPACKED:
                raise TooLarge(f"the body unpacks to more than {LARGEST_UNPACKED} bytes")
            if piece:
                yield piece

    def finish(self) -> None:
        """Check that nothing is missing.

        Raises:
            Malformed: the body was cut off.
        """
        if not self._member.eof:
            raise Malformed("the gzip body was cut off")


async def unpacked(request: Request) -> AsyncIterator[bytes]:
    """Stream a body as what it says, unpacked if it is gzip.

    Raises:
        UnsupportedMedia: another content encoding.
        Malformed, TooLarge: see `Gunzip`.
    """
    call: Call = request.state.call
    encoding = call.headers.get(b"content-encoding", b"identity").lower()
    if encoding not in (b"gzip", b"identity"):
        raise UnsupportedMedia("the body may be compressed by gzip only")
    gunzip = Gunzip() if encoding == b"gzip" else None
    async for data in request.stream():
        if gunzip is None:
            yield data
            continue
        for piece in gunzip.feed(data):
            yield piece
    if gunzip is not None:
        gunzip.finish()
