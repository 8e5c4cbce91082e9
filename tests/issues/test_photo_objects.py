"""Photos in an S3-compatible store: the same calls as in a folder, by another address."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest

from services.issues.store.photo_objects import PhotoObjects
from shared.errors import NotFound, Unavailable

pytestmark = pytest.mark.anyio
COMMUNITY, PHOTO = UUID(int=1), UUID(int=2)


class Bucket(BaseHTTPRequestHandler):
    """As much of S3's protocol as one photo needs."""

    kept: dict[str, bytes]

    def do_PUT(self) -> None:
        assert "AWS4-HMAC-SHA256" in self.headers["Authorization"]
        self.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def do_GET(self) -> None:
        data = self.kept.get(self.path)
        self._answer(404 if data is None else 200, data or b"")

    def do_POST(self) -> None:
        """Remove many at once; what is not there counts as removed."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall("<Key>(.*?)</Key>", body)
        for key in keys:
            self.kept.pop(f"/bucket/{key}", None)
        removed = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{removed}</DeleteResult>".encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _answer(self, status: int, data: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def served() -> Iterator[tuple[str, dict[str, bytes]]]:
    kept: dict[str, bytes] = {}
    handler = type("Kept", (Bucket,), {"kept": kept})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", kept
        server.shutdown()


async def test_an_s3_store_keeps_gives_and_removes_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as (address, kept):
        for name, value in (
            ("AWS_ENDPOINT_URL", address),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ):
            monkeypatch.setenv(name, value)
        objects = PhotoObjects("s3://bucket/photos")
        await objects.put(COMMUNITY, PHOTO, b"full", b"small")
        assert sorted(kept) == [
            f"/bucket/photos/{COMMUNITY}/{PHOTO}-{size}.jpg" for size in ("full", "small")
        ]
        assert await objects.get(COMMUNITY, PHOTO, "small") == b"small"
        for _ in range(2):
            await objects.delete(COMMUNITY, PHOTO)
        assert kept == {}
        with pytest.raises(NotFound):
            await objects.get(COMMUNITY, PHOTO, "full")


async def test_a_store_that_is_away_is_no_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where a folder should be")
    away = PhotoObjects(f"file:{tmp_path / 'photos'}")
    with pytest.raises(Unavailable):
        await away.put(COMMUNITY, PHOTO, b"full", b"small")
