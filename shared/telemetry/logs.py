"""Logs: one JSON object a line on stdout, with service and trace; nothing in them says who somebody is."""

import asyncio
import faulthandler
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.telemetry.discretion import discreet
from shared.telemetry.metrics import SUPPRESSED, UNHANDLED
from shared.telemetry.traces import current_trace_id

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

# What a library says below this level is of use to its authors only.
_LIBRARIES = {
    "aiokafka": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "uvicorn": logging.WARNING,
}


def configure_logs(service: str, level: str = "INFO", out: BinaryIO | None = None) -> None:
    """Sends our lines, those of libraries, warnings and uncaught errors to `out`; called once a process.

    Without `out` to stdout; commands whose output is for reading give stderr.
    """
    lowest = logging.getLevelNamesMapping()[level.upper()]

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            name_service,
            _stamp,
            discreet,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.BytesLoggerFactory(out or sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(lowest)
    for library, floor in _LIBRARIES.items():
        logging.getLogger(library).setLevel(max(lowest, floor))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    faulthandler.enable()


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Logs and counts what a task or callback of this loop raised and nobody awaited."""

    def nobody_awaited(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        UNHANDLED.labels(type(error).__name__).inc()
        log.error("unhandled error", what=context.get("message"), exc_info=error)

    loop.set_exception_handler(nobody_awaited)


class _Forward(logging.Handler):
    """Libraries' lines in our form; a line that a library repeats is written once in ten seconds.

    With the broker away aiokafka alone would write thirty lines a second.
    """

    PERIOD = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[str, int], float] = {}
        self._held_back: dict[tuple[str, int], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        place = (record.pathname, record.lineno)
        now = time.monotonic()
        if now - self._written.get(place, -self.PERIOD) < self.PERIOD:
            self._held_back[place] = self._held_back.get(place, 0) + 1
            SUPPRESSED.labels(record.name).inc()
            return
        self._written[place] = now
        more = self._held_back.pop(place, 0)
        extra = {"suppressed": more} if more else {}
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # a library's format and arguments disagree
            said = str(record.msg)
        log.log(record.levelno, said, logger=record.name, exc_info=record.exc_info or None, **extra)


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Wall time and trace: a log tells when the machine did something, not what time the story has."""
    event["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    trace_id = current_trace_id()
    if trace_id is not None:
        event.setdefault("trace_id", trace_id)
    return event


def _json(event: EventDict, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("the process ends by an error", exc_info=error.with_traceback(trace))


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    UNHANDLED.labels(hook.exc_type.__name__).inc()
    log.critical("a thread ended by an error", exc_info=hook.exc_value)
