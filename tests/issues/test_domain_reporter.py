"""Claim codes, device clocks, languages and cleaned pictures: rules that need no server."""

import io
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps, ImageStat

from services.issues.domain.case import Change, State
from services.issues.domain.claim_code import WrongCode, claim_code, read_code
from services.issues.domain.device_time import TOLERANCE, believed, skew_of
from services.issues.domain.photos import LONGEST_SIDE, SMALL_SIDE, NotAPhoto, TooManyPixels
from services.issues.domain.plain_words import CHANGES, STATES, Language, language_of
from services.issues.usecases.clean_picture import clean_picture

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@settings(max_examples=100, deadline=None)
@given(st.uuids(), st.uuids(), st.binary(min_size=16, max_size=32))
def test_a_code_opens_its_case_and_no_other(case: UUID, other: UUID, secret: bytes) -> None:
    code = read_code(claim_code(case, secret).lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    first, last = code.ids
    assert first <= case <= last
    assert code.opens(case, [b"another secret", secret])
    assert not code.opens(case, [b"another secret"])
    assert case == other or not code.opens(other, [secret])
    neighbour = UUID(int=case.int ^ 1)  # found by the same half of the id
    assert first <= neighbour <= last
    assert not code.opens(neighbour, [secret])


@pytest.mark.parametrize("text", ["", "ABCDE", "U" * 25, "A" * 24, "A" * 26, "中" * 25, "ABCDE-" * 5 + "!"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(WrongCode):
        read_code(text)


def test_a_device_clock_is_corrected_by_its_sending_only() -> None:
    week_ago = NOW - timedelta(days=7)
    assert skew_of(NOW + TOLERANCE, NOW) == timedelta(0)
    assert believed(week_ago, NOW, timedelta(0)) == week_ago, "however old"
    fast = NOW + timedelta(hours=3)
    assert believed(fast - timedelta(days=1), fast, skew_of(fast, NOW)) == NOW - timedelta(days=1)
    assert believed(fast + timedelta(hours=1), fast, skew_of(fast, NOW)) == NOW, (
        "nothing is after its sending"
    )


def test_every_state_and_change_is_told_in_every_language() -> None:
    for language in Language:
        assert STATES[language].keys() == set(State)
        assert CHANGES[language].keys() >= set(Change)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("fr", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("en;q=0.5, zh-CN;q=0.8", "zh"),
        ("zh;q=0, en;q=x, en;q=0.1", "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language


def picture(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: object) -> bytes:
    image = Image.new(mode, size, (200, 30, 30, 0) if mode == "RGBA" else "white")
    image.paste("black", (0, 0, size[0] // 3, size[1] // 3))
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def test_a_picture_is_turned_upright_and_keeps_nothing_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn it by a quarter
    exif[0x010F] = "a maker of phones"
    exif.get_ifd(0x8825)[1] = "N"
    data = picture("JPEG", exif=exif, comment=b"a comment", icc_profile=b"a profile", dpi=(300, 300))
    assert b"a maker of phones" in data
    cleaned = clean_picture(data)
    assert (cleaned.width, cleaned.height) == (40, 60)
    for size in (cleaned.full, cleaned.small):
        assert not any(word in size for word in (b"Exif", b"phones", b"comment", b"profile", b"ICC"))
        with Image.open(io.BytesIO(size)) as image:
            assert (image.format, image.size, len(image.getexif())) == ("JPEG", (40, 60), 0)
            assert max(image.getpixel((36, 3))) < 60, "the dark corner went from the left to the right"  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_pillow_would(turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = picture("PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image, Image.open(io.BytesIO(clean_picture(data).full)) as cleaned:
        differing = ImageChops.difference(ImageOps.exif_transpose(image), cleaned).convert("L")
        assert ImageStat.Stat(differing).mean[0] < 5


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_metadata_of_any_kind_stops_no_picture(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a maker of phones"
    exif[0x011A] = 72.0
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 1.0, 2.0)})
    data, random = picture(kind, exif=exif), Random(kind)
    start = data.upper().index(b"EXIF") + 8
    cleaned = 0
    for _ in range(400):
        odd = bytearray(data)
        for _ in range(random.randint(1, 3)):
            odd[random.randrange(start, start + 140)] = random.randrange(256)
        try:
            clean_picture(bytes(odd))
            cleaned += 1
        except NotAPhoto:
            pass
    assert cleaned > 200, "most of them are whole pictures"


def test_pictures_are_told_by_content_and_bounded() -> None:
    large = clean_picture(picture("WEBP", (4000, 1000)))
    assert (large.width, large.height) == (LONGEST_SIDE, LONGEST_SIDE // 4)
    with Image.open(io.BytesIO(large.small)) as image:
        assert max(image.size) == SMALL_SIDE
    with Image.open(io.BytesIO(clean_picture(picture("PNG", mode="RGBA")).full)) as image:
        assert min(image.getpixel((50, 30))) > 250, "what was transparent is white"  # type: ignore[arg-type]
    good = picture("JPEG")
    for bad in (
        b"",
        b"\xff\xd8\xff",
        good[: len(good) // 2],
        picture("GIF"),
        picture("BMP"),
        b"<svg/>",
        b"%PDF-1",
    ):
        with pytest.raises(NotAPhoto):
            clean_picture(bad)


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes whose header claims a large picture."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [7100, 10_000, 60_000])
def test_a_bomb_is_not_unpacked(side: int) -> None:
    with pytest.raises(TooManyPixels):
        clean_picture(bomb(side, side))
