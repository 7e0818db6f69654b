"""Structured logs without personal data: events are words and ids, never names, phones, texts or tokens."""

import logging
import sys
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
            structlog.processors.format_exc_info if as_json else structlog.processors.UnicodeDecoder(),
            structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
