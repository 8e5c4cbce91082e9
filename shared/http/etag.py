"""Entity tags: the version of an aggregate, so that nobody overwrites what somebody else has changed."""

import re

from shared.errors import Malformed, PreconditionRequired, StaleVersion

_TAG = re.compile(r'"(\d{1,18})"')


def etag_of(version: int) -> str:
    """Write a version as a strong entity tag."""
    return f'"{version}"'


def required_version(if_match: str | None) -> int:
    """Read the version that the caller has seen.

    Raises:
        PreconditionRequired: no `If-Match`, or `*`, which names no version.
        StaleVersion: a tag that was never ours, so it cannot be the current one.
        Malformed: several tags.
    """
    if if_match is None or if_match.strip() == "*":
        raise PreconditionRequired("send If-Match with the ETag of what you have seen")
    if "," in if_match:
        raise Malformed("If-Match names one version here")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise StaleVersion("If-Match names no version of this")
    return int(found[1])


def matching(current: int, expected: int) -> None:
    """Let only the current version pass.

    Raises:
        StaleVersion: it has changed since.
    """
    if current != expected:
        raise StaleVersion(f"it is at version {current} by now; read it again", version=current)
