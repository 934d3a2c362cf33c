"""Names and libraries of clients that are new or gone, as events; and who changes the server."""

from itertools import islice
from typing import Final

from exporter.connection.connection import CLIENT_NAME
from exporter.events import EventKind, EventRecorder
from exporter.samplers.clients.entry import ClientList
from exporter.samplers.slowlog.patterns import PatternNames
from exporter.sampling.authors import Author, Authors

_TOPIC: Final = "clients"
_NAMES: Final = "name"
_LIBRARIES: Final = "library"
_MAX_VALUES: Final = 256
# How many different names of one pass are looked at.
_MAX_NAMES: Final = 1_000
_MAX_TOLD: Final = 20
# Connections come and go; a name is gone when none has had it for so long.
_GONE_SECONDS: Final = 600.0
_ADMIN_WORDS: Final = ("config", "acl")


class ClientChanges:
    """Compares the connections of one server with what was known, also before a restart of ours.

    Names with ids in them (`worker-17`) are one name. At most 256 of each sort are remembered.
    """

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._names = PatternNames()
        self._shapes: dict[str, str] = {}
        self._seen_at: dict[str, dict[str, float]] = {_NAMES: {}, _LIBRARIES: {}}
        self._is_loaded = False

    def note(self, clients: ClientList, at: float) -> None:
        """Note the connections of a pass (monotonic seconds)."""
        known = self._events.known(_TOPIC)
        if not self._is_loaded:
            self._is_loaded = True
            for sort, values in (known or {}).items():
                self._seen_at[sort] = dict.fromkeys(values, at)
        changed = [
            self._compare(sort, found, at, is_first=known is None)
            for sort, found in ((_NAMES, self._found_names(clients)), (_LIBRARIES, _found_libraries(clients)))
        ]
        if any(changed) or known is None:
            self._events.remember(_TOPIC, {sort: sorted(seen) for sort, seen in self._seen_at.items()})

    def _found_names(self, clients: ClientList) -> set[str]:
        names = {name for name in clients.texts("name") if name and not name.startswith(CLIENT_NAME)}
        return {self._shape(name) for name in islice(names, _MAX_NAMES)}

    def _shape(self, name: str) -> str:
        shape = self._shapes.get(name)
        if shape is None:
            if len(self._shapes) >= 2 * _MAX_NAMES:
                self._shapes.clear()
            shape = self._names.name_key(name.encode("utf-8", "backslashreplace"))
            self._shapes[name] = shape
        return shape

    def _compare(self, sort: str, found: set[str], at: float, *, is_first: bool) -> bool:
        """Record what is new and gone of one sort; return whether there was any."""
        seen = self._seen_at[sort]
        new = sorted(found - seen.keys())[: max(0, _MAX_VALUES - len(seen))]
        old = {value for value, last in seen.items() if at - last > _GONE_SECONDS}
        gone = sorted(old - found)
        seen.update(dict.fromkeys([*new, *(found & seen.keys())], at))
        for value in gone:
            del seen[value]
        if (new or gone) and not is_first:
            fields = {"what": sort, "new": new[:_MAX_TOLD], "gone": gone[:_MAX_TOLD]}
            more = max(0, len(new) - _MAX_TOLD) + max(0, len(gone) - _MAX_TOLD)
            self._events.record(EventKind.CLIENT_CHANGE, {**fields, "more": more or None})
        return bool(new or gone)


def _found_libraries(clients: ClientList) -> set[str]:
    if "lib-name" not in clients:
        return set()
    pairs = zip(clients.texts("lib-name"), clients.texts("lib-ver"), strict=True)
    return {f"{name} {version}".strip() for name, version in set(pairs) if name}


def note_authors(clients: ClientList, authors: Authors, at: float) -> None:
    """Note the connections whose last command is one that changes the server."""
    for fields in clients.with_commands(_ADMIN_WORDS):
        idle = fields.get("idle", "")
        ran_at = at - (float(idle) if idle.isdecimal() and len(idle) < 12 else 0.0)
        command = fields.get("cmd", "").replace("|", " ").upper()
        address, name, user = (fields.get(field, "") for field in ("addr", "name", "user"))
        if not name.startswith(CLIENT_NAME):
            authors.note(Author(ran_at, command, address, name, user, "clients"))
