"""A picture is unpacked and written anew: turned upright, of bounded size, and without a word of metadata.

Where it was taken, when and by whose phone is in a photo's metadata; only the pixels go on.
"""

import asyncio
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.issues.domain.photos import LONGEST_SIDE, MOST_PIXELS, SMALL_SIDE, NotAPhoto, TooManyPixels

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned picture as JPEG, and a small one of it; sides in pixels."""

    full: bytes
    small: bytes
    width: int
    height: int


class Darkroom:
    """Cleans pictures beside the event loop; each takes a core and up to 200 MB, so few at the same time."""

    def __init__(self, at_once: int = 2) -> None:
        self._free = asyncio.Semaphore(at_once)

    async def clean(self, data: bytes) -> Picture:
        """Clean a picture.

        Raises:
            NotAPhoto: by its content it is no JPEG, PNG or WebP, or it is damaged.
            TooManyPixels: unpacked it would be too large.
        """
        async with self._free:
            return await asyncio.to_thread(clean_picture, data)


def clean_picture(data: bytes) -> Picture:
    """Do the same here and now."""
    from PIL import Image

    try:
        flat = _unpacked(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(f"a picture has {MOST_PIXELS} pixels at most") from error
    except (TooManyPixels, MemoryError):
        raise
    except Exception as error:
        # Damaged bytes make the decoders raise nearly anything; none of it is a fault of this service.
        raise NotAPhoto("the content is no JPEG, PNG or WebP picture, or it is damaged") from error
    small = flat.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Picture(_written(flat, 85), _written(small, 75), flat.width, flat.height)


def _unpacked(data: bytes) -> "Image":
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise TooManyPixels(f"a picture has {MOST_PIXELS} pixels at most")
        # Decodes a large JPEG at a half or a quarter at once: less memory, and several times as fast.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = _upright(opened)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return _pixels_only(upright)


def _upright(image: "Image") -> "Image":
    """Turn a picture as its metadata says; where that cannot be read, it stays as it is."""
    from PIL import ExifTags, Image

    turn = Image.Transpose
    turns: dict[object, Image.Transpose] = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    image.load()
    try:
        how = turns.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # noqa: BLE001  cameras and editors leave what breaks its reader in as many ways
        return image
    return image if how is None else image.transpose(how)


def _pixels_only(image: "Image") -> "Image":
    """Put the pixels on white ground; a copy would take the comment and profile with it."""
    from PIL import Image

    ground = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        ground.paste(whole, mask=whole.getchannel("A"))
    else:
        ground.paste(image.convert("RGB"))
    return ground


def _written(image: "Image", quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
