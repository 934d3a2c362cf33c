"""Structured logging: one event per line, data in fields, in logfmt or JSON."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from exporter.model.printable import escaped_json, printable_lines

_FIELDS = "vigil_fields"
LEVELS = ("debug", "info", "warning", "error")
# A record's file and line are those of whoever called `info` and its siblings, not of `_log`.
_CALLER: Final = 3


class FieldLogger:
    """A logger whose calls take an event text and fields: `log.info("target down", instance=…)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        """Log an event at the level debug."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Log an event at the level info."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Log an event at the level warning."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Log an event at the level error."""
        self._log(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """For a bug of ours, inside an `except` block: with the traceback."""
        self._log(logging.ERROR, event, fields, with_traceback=True)

    def _log(
        self, level: int, event: str, fields: Mapping[str, object], *, with_traceback: bool = False
    ) -> None:
        if self._logger.isEnabledFor(level):
            extra = {_FIELDS: fields}
            self._logger.log(level, event, extra=extra, exc_info=with_traceback, stacklevel=_CALLER)


class LogLimit:
    """Limits how often something that comes and goes is logged: `most` times within `seconds`.

    The next line that is logged says how many were not.
    """

    def __init__(self, most: int = 3, seconds: float = 3600.0) -> None:
        self._most = most
        self._seconds = seconds
        self._told: list[float] = []
        self._untold = 0

    def fields(self, now: float) -> dict[str, int] | None:
        """The fields to tell besides (monotonic seconds); None where it is not told."""
        self._told = [at for at in self._told if now - at < self._seconds]
        if len(self._told) >= self._most:
            self._untold += 1
            return None
        self._told.append(now)
        untold, self._untold = self._untold, 0
        return {"not_logged": untold} if untold else {}


def get_logger(name: str) -> FieldLogger:
    """The logger of one module; pass `__name__`."""
    return FieldLogger(name)


class _LogfmtFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        pairs = [f"{key}={_logfmt_value(value)}" for key, value in _record_fields(record).items()]
        return " ".join(pairs) + _traceback(self, record)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _record_fields(record)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return _json(fields)


def _record_fields(record: logging.LogRecord) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {
        "ts": stamp.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name.removeprefix("exporter."),
        "caller": f"{record.filename}:{record.lineno}",
        "msg": record.getMessage(),
        **getattr(record, _FIELDS, {}),
    }


def _logfmt_value(value: object) -> str:
    text = str(value)
    if text and text.isprintable() and not any(char in text for char in ' "='):
        return text
    return _json(text)


def _json(value: object) -> str:
    r"""Return JSON on one line in which all that a terminal would obey is escaped, as `\u009b`."""
    return escaped_json(json.dumps(value, default=str, ensure_ascii=False))


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return "\n" + printable_lines(formatter.formatException(record.exc_info)) if record.exc_info else ""


def configure_logging(level: str = "info", *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Send everything at `level` and above to `stream` (standard error), as logfmt or JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else _LogfmtFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries tell of each request, with URLs and headers; our own events and metrics do without.
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.getLogger("exporter").setLevel(level.upper())
    # Its warnings are about requests that are not HTTP: anybody can send as many of them as they like.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
