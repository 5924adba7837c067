"""JSON logs, one line an event, with the correlation id of the request or lead. Personal data never enters a log: values
under names that hold it are replaced, whoever wrote them."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PERSONAL = frozenset(
    {"email", "phone", "full_name", "first_name", "last_name", "message", "form", "lead", "payload", "body", "title"}
)


def without_personal_data(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in PERSONAL & event.keys():
        event[name] = "[personal]"
    return event


def configure(level: str = "INFO", *, process: str = "") -> None:
    """Log to standard error. `process` names this part in every line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            without_personal_data,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process) if process else None
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format='{"event":"%(name)s","level":"%(levelname)s"}')
