"""Rows of the events: writing, reading by page, and dropping the oldest."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

from exporter.events.event import Event
from exporter.events.query import EventQuery, Page, StoredEvent

_INSERT: Final = (
    "INSERT OR IGNORE INTO events (at_ms, instance, kind, identity, fields) VALUES (?, ?, ?, ?, ?)"
)
_COLUMNS: Final = "id, at_ms, instance, kind, fields"
_NEWEST_FIRST: Final = "ORDER BY at_ms DESC, id DESC"
_ROWS_AT_ONCE: Final = 1_000


def insert(connection: sqlite3.Connection, events: Iterable[Event]) -> list[Event]:
    """Write events; return those that were not known yet."""
    added: list[Event] = []
    for event in events:
        row = (event.at_ms, event.instance, str(event.kind), event.identity, event.fields_json())
        if connection.execute(_INSERT, row).rowcount == 1:
            added.append(event)
    return added


def read_page(connection: sqlite3.Connection, query: EventQuery) -> Page:
    """Return one page. Each pair of instance and kind is read along its index, so that nothing is sorted."""
    sql, values = _select(query, query.limit + 1)
    rows = connection.execute(sql, values).fetchall()
    events = [_stored(row) for row in rows[: query.limit]]
    has_more = len(rows) > query.limit
    return Page(events, events[-1].cursor if has_more else None)


def read_all(connection: sqlite3.Connection, query: EventQuery) -> Iterator[StoredEvent]:
    """Yield the newest events, as many as the limit, some at a time."""
    found = connection.execute(*_select(query, query.limit))
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from map(_stored, rows)


def count_by_kind(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many events there are of each kind."""
    return dict(connection.execute("SELECT kind, count(*) FROM events GROUP BY kind").fetchall())


def read_instances(connection: sqlite3.Connection) -> list[str]:
    """Return the names of all instances that there are events of."""
    rows = connection.execute("SELECT DISTINCT instance FROM events WHERE instance != '' ORDER BY instance")
    return [name for (name,) in rows]


def delete_before(connection: sqlite3.Connection, before_ms: int, most: int) -> dict[str, int]:
    """Delete at most so many events from before a moment, the oldest first; return how many by kind."""
    rows = connection.execute(
        "SELECT id, kind FROM events WHERE at_ms < ? ORDER BY at_ms, id LIMIT ?", (before_ms, most)
    ).fetchall()
    return _delete(connection, rows)


def delete_oldest(connection: sqlite3.Connection, kind: str, most: int) -> dict[str, int]:
    """Delete at most so many events of a kind, the oldest first; return how many by kind."""
    rows = connection.execute(
        "SELECT id, kind FROM events WHERE kind = ? ORDER BY at_ms, id LIMIT ?", (kind, most)
    ).fetchall()
    return _delete(connection, rows)


def _delete(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    connection.executemany("DELETE FROM events WHERE id = ?", [(number,) for number, _ in rows])
    for _, kind in rows:
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def read_known(connection: sqlite3.Connection) -> dict[tuple[str, str], Any]:
    """Return what was last known, by instance and topic."""
    rows = connection.execute("SELECT instance, topic, value FROM known").fetchall()
    found = {(instance, topic): _loaded(value) for instance, topic, value in rows}
    return {place: value for place, value in found.items() if value is not None}


def write_known(connection: sqlite3.Connection, known: Mapping[tuple[str, str], str], now_ms: int) -> None:
    """Write what is known now, as JSON, in place of what was."""
    connection.executemany(
        "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)",
        [(instance, topic, value, now_ms) for (instance, topic), value in known.items()],
    )


def drop_known(connection: sqlite3.Connection, most: int) -> None:
    """Keep the latest of what is known."""
    connection.execute(
        "DELETE FROM known WHERE (instance, topic) NOT IN"
        " (SELECT instance, topic FROM known ORDER BY seen_ms DESC LIMIT ?)",
        (most,),
    )


def _select(query: EventQuery, limit: int) -> tuple[str, list[object]]:
    """The statement and its values: one part per pair of instance and kind, together the newest of all."""
    bounds, bound_values = _bounds(query)
    parts: list[str] = []
    values: list[object] = []
    for instance, kind in product(query.instances or (None,), query.kinds or (None,)):
        wanted = [("instance = ?", instance), ("kind = ?", kind)]
        conditions = [text for text, value in wanted if value is not None]
        values += [value for _, value in wanted if value is not None]
        where = " AND ".join([*conditions, *bounds]) or "1"
        part = f"SELECT {_COLUMNS} FROM events WHERE {where} {_NEWEST_FIRST} LIMIT ?"
        parts.append(f"SELECT * FROM ({part})")
        values += [*bound_values, limit]
    return f"{' UNION ALL '.join(parts)} {_NEWEST_FIRST} LIMIT ?", [*values, limit]


def _bounds(query: EventQuery) -> tuple[list[str], list[int | str]]:
    bounds: list[str] = []
    values: list[int | str] = []
    if query.since_ms is not None:
        bounds.append("at_ms >= ?")
        values.append(query.since_ms)
    if query.until_ms is not None:
        bounds.append("at_ms <= ?")
        values.append(query.until_ms)
    if query.after is not None:
        bounds.append("(at_ms, id) < (?, ?)")
        values += [query.after.at_ms, query.after.number]
    if query.containing:
        bounds.append("instr(fields, ?)")
        values.append(query.containing)
    return bounds, values


def _stored(row: tuple[int, int, str, str, str]) -> StoredEvent:
    number, at_ms, instance, kind, text = row
    fields = _loaded(text)
    return StoredEvent(number, at_ms, instance, kind, fields if isinstance(fields, dict) else {})


def _loaded(text: str) -> Any:
    """Return what a JSON text says; None where somebody else has written it."""
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        return None
