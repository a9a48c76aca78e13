"""Logs: JSON (or console) lines with a stable `action`, and no phone number in the clear."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

# seven digits or more that stand alone or after a plus: a phone number in any of its written forms
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d{7,15}(?![\w.:-])")
_EXEMPT = frozenset({"timestamp", "level", "logger", "action"})


def mask_numbers(text: str) -> str:
    """`+12025550123` becomes `+1202*****23`: enough to compare two lines, not enough to call."""
    return _NUMBER.sub(lambda found: _masked(found.group()), text)


def _masked(number: str) -> str:
    return number[:5] + "*" * (len(number) - 7) + number[-2:]


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key not in _EXEMPT and isinstance(value, str):
            event[key] = mask_numbers(value)
    return event


def _json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def configure_logging(level: str, form: str) -> None:
    """Route the standard library's loggers through structlog to stderr."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
