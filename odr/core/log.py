"""Structured logs without personal data: events are words and ids, never names, phones, texts or tokens."""

import logging
import sys
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

log: Any = structlog.get_logger("odr")

# A value under one of these names is a mistake of ours; it is dropped rather than written.
_NEVER = frozenset({"phone", "id_no", "name", "address", "text", "body", "code", "token", "password", "cookie"})


def _drop_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in _NEVER & event.keys():
        event[key] = "…"
    return event


def _places_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its type and the places it came through. Its message and the variables on the way may hold what
    somebody said, their number or a code."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    told: list[str] = []
    while isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        told += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        told.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if told:
        event["exception"] = "\n".join(told)
    return event


def _naming(worker: str) -> Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]:
    def name(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["worker"] = worker
        return event

    return name


def configure(*, as_json: bool, quiet: bool = False, worker: str | None = None) -> None:
    """Send logs to stderr, as JSON lines or for reading; `quiet` keeps warnings and worse only.
    Of several workers each names itself."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _drop_personal,
            *([] if worker is None else [_naming(worker)]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _places_only,
            structlog.processors.JSONRenderer(ensure_ascii=False)
            if as_json
            else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        # A line and its end in one write: workers share this file, and `print` would let them write between the two.
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
