"""Parameters of requests for events."""

import difflib
from collections.abc import Sequence

from exporter.events import MAX_LIMIT, Cursor, EventKind, EventQuery
from exporter.events.query import DEFAULT_LIMIT, MAX_INSTANCES
from exporter.model.quoting import quote
from exporter.web.api_v1.parameters import Parameters, parse_integer
from exporter.web.api_v1.reply import BadDataError


def read_event_query(parameters: Parameters) -> EventQuery:
    """Read `instance`, `kind`, `since`, `until`, `limit` and `cursor`; raises `BadDataError`."""
    since_ms, until_ms = read_span(parameters)
    return EventQuery(
        instances=read_instances(parameters),
        kinds=_kinds(parameters),
        since_ms=since_ms,
        until_ms=until_ms,
        limit=_limit(parameters),
        after=_cursor(parameters),
    )


def read_span(parameters: Parameters) -> tuple[int | None, int | None]:
    """Read `since` and `until`, in epoch milliseconds; raises `BadDataError`."""
    since_ms, until_ms = parameters.moment_ms("since"), parameters.moment_ms("until")
    if since_ms is not None and until_ms is not None and until_ms < since_ms:
        raise BadDataError('invalid parameter "until": it must not be before since')
    return _storable(since_ms), _storable(until_ms)


def read_instances(parameters: Parameters) -> Sequence[str]:
    """Read `instance`, which may be given several times; raises `BadDataError`."""
    instances = list(dict.fromkeys(parameters.texts("instance")))
    if len(instances) > MAX_INSTANCES:
        raise BadDataError(f'invalid parameter "instance": at most {MAX_INSTANCES} can be asked for at once')
    return [text.encode("utf-8", "backslashreplace").decode() for text in instances]


def _kinds(parameters: Parameters) -> Sequence[str]:
    """Kinds, separated by commas or given several times."""
    given = [kind.strip() for text in parameters.texts("kind") for kind in text.split(",")]
    kinds = list(dict.fromkeys(kind for kind in given if kind))
    known = [str(kind) for kind in EventKind]
    for kind in kinds:
        if kind not in known:
            close = difflib.get_close_matches(kind[:100], known, n=1)
            way_out = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise BadDataError(
                f'invalid parameter "kind": {quote(kind[:100])} is no kind of event; {way_out}'
            )
    return kinds


def _limit(parameters: Parameters) -> int:
    text = parameters.text("limit")
    try:
        limit = parse_integer(text) if text else DEFAULT_LIMIT
    except ValueError:
        limit = 0
    if limit < 1:
        raise BadDataError(f'invalid parameter "limit": it must be a whole number from 1 to {MAX_LIMIT}')
    return min(limit, MAX_LIMIT)


def _cursor(parameters: Parameters) -> Cursor | None:
    text = parameters.text("cursor")
    try:
        return Cursor.parse(text) if text else None
    except ValueError as error:
        raise BadDataError(f'invalid parameter "cursor": {error}') from None


def _storable(moment_ms: int | None) -> int | None:
    """Within the 64 bits of the database."""
    return None if moment_ms is None else max(-(1 << 62), min(moment_ms, 1 << 62))
