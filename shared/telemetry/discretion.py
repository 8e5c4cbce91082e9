"""The last wall before a log: errors without the values that caused them, telephone numbers masked."""

import re
import sys
import traceback
from typing import Any

import asyncpg
from pydantic import ValidationError
from structlog.typing import EventDict, WrappedLogger

# A mobile number of the country, alone or behind its code; never a part of an id in hex.
_MOBILE = re.compile(r"(?<![0-9A-Za-z-])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![0-9A-Za-z])")
_SECRETS = re.compile(r"(?i)authorization|password|secret|^phone|telephone|^token$|door|full_name")
_DEEPEST = 40


def discreet(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turns exc_info into text that quotes no input, and masks numbers and secrets in what was passed."""
    error = event.pop("exc_info", None)
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = "***" if _SECRETS.search(name) else masked(value)
    if error:
        caught = _caught(error)
        if caught is not None:
            event["exception"] = told(caught)
    return event


def masked(text: str) -> str:
    """The text with every mobile number replaced."""
    return _MOBILE.sub("***", text) if len(text) > 10 else text


def told(error: BaseException) -> str:
    """An error with its causes and where each arose, in the order they happened."""
    parts: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        frames = "".join(traceback.format_tb(at.__traceback__)[-_DEEPEST:])
        parts.append(f"{frames}{_named(at)}")
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return masked("\n\nwhich led to:\n".join(reversed(parts)))


def _named(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}: {_said(error)}"


def _said(error: BaseException) -> str:
    """What an error says without the data it was about: these classes quote rows and request bodies."""
    if isinstance(error, ValidationError):
        wrong = error.errors(include_input=False, include_context=False, include_url=False)
        return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['type']}" for found in wrong)
    if isinstance(error, asyncpg.PostgresError):
        return (
            f"{error.sqlstate} {error.args[0] if error.args else ''}"  # without DETAIL, which quotes the row
        )
    if isinstance(error, BaseExceptionGroup):
        return f"{error.message}\n" + "\n".join(told(each) for each in error.exceptions)
    return str(error)


def _caught(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1]
