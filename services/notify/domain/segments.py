"""How many SMS a text costs: the GSM 7-bit alphabet where it fits, else UCS-2 (3GPP TS 23.038 and 23.040)."""

from typing import Literal, NamedTuple

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ALL = _BASIC | _EXTENDED


class Segments(NamedTuple):
    """What a text costs: its encoding, its length in that encoding's units, and the parts it is sent in."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def segments_of(text: str) -> Segments:
    """Count the parts of a text; a part of several gives 7 septets or 3 characters to its header."""
    if _ALL.issuperset(text):
        # An extended character is an escape and a second septet, and the pair is not cut in two.
        return Segments(
            "GSM-7", *_packed([2 if character in _EXTENDED else 1 for character in text], 160, 153)
        )
    # Characters beyond the first plane are surrogate pairs, not cut either; most texts have none, and
    # are cut anywhere.
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units <= 70:
        return Segments("UCS-2", units, 1)
    if units == len(text):
        return Segments("UCS-2", units, -(-units // 67))
    return Segments("UCS-2", *_packed([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67))


def _packed(widths: list[int], alone: int, shared: int) -> tuple[int, int]:
    units = sum(widths)
    if units <= alone:
        return units, 1
    parts, room = 1, shared
    for width in widths:
        if width > room:
            parts, room = parts + 1, shared
        room -= width
    return units, parts
