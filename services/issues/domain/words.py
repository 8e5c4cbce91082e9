"""The short texts that name things; what goes on the bus keeps to the same limits there."""

import re

_PERSON = re.compile(r"[!-~]{1,128}")
_PLACE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
LONGEST_NAME = 80
LONGEST_DOOR = 64


class WrongWord(ValueError):
    """A name, code or id is empty, too long or has characters it may not have."""


def person_id(text: str) -> str:
    """Accept the identity provider's subject: visible ASCII, so that no name can slip in."""
    if not _PERSON.fullmatch(text):
        raise WrongWord("a person id is 1 to 128 visible ASCII characters")
    return text


def place_code(text: str) -> str:
    """Accept a community's, compound's or building's short code, such as HY-12."""
    if not _PLACE_CODE.fullmatch(text):
        raise WrongWord("a code is 1 to 32 of A-Z a-z 0-9 . _ - and starts with a letter or digit")
    return text


def door(text: str) -> str:
    """Accept a unit's or household's code, which may be written in any script: 3幢2单元501."""
    if not _printable(text, LONGEST_DOOR):
        raise WrongWord(f"a code is 1 to {LONGEST_DOOR} printable characters")
    return text


def place_name(text: str) -> str:
    """Accept a place's name."""
    if not _printable(text, LONGEST_NAME):
        raise WrongWord(f"a name is 1 to {LONGEST_NAME} printable characters")
    return text


def _printable(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and text.isprintable() and text == text.strip()
