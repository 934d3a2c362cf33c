"""Keyspace: one line per database that holds keys."""

import re
from collections.abc import Mapping
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family
from exporter.samplers.info.fields import keyspace as fields
from exporter.samplers.info.line_reader import FULL_REPARSE, CallbackReader, LineReader
from exporter.sampling.info_text import parse_named_amounts

KEYS: Final = fields.KEYS.family
KEYS_EXPIRING: Final = fields.KEYS_EXPIRING.family
# By the names that servers have for them.
_FIELDS: Final[Mapping[str, tuple[Family, float]]] = {
    name: (field.family, field.scale)
    for name, field in (
        ("keys", fields.KEYS),
        ("expires", fields.KEYS_EXPIRING),
        ("cached_keys", fields.KEYS_CACHED),
        ("avg_ttl", fields.AVG_TTL),
        # Redis' and Valkey's names of the same.
        ("subexpiry", fields.EXPIRING_ITEMS),
        ("keys_with_volatile_items", fields.EXPIRING_ITEMS),
    )
}

_DATABASE: Final = re.compile(r"db\d{1,9}", re.ASCII)
# Pika counts keys by type: `db0 Strings_keys=4200, expires=4100, invalid_keys=70`.
_BY_TYPE: Final = re.compile(r"db(\d{1,9}) \w+_keys=(\d{1,20}), expires=(\d{1,20})(?:,.*)?", re.ASCII)
# So many databases are shown, and so many of those that are empty.
MAX_DATABASES: Final = 500
_MAX_EMPTY: Final = 100


class KeyspaceReader:
    """Makes the readers of the section's lines, and knows the keys by number of the database."""

    def __init__(self, table: SeriesTable, databases: LabelCap) -> None:
        self._table = table
        self._cap = databases
        self.keys: dict[int, int] = {}
        # Those that the reply has named, and the highest that ever held keys.
        self._named: set[int] = set()
        self._highest = 0
        # Whether keys may be told in a way that is not understood here.
        self._has_other_lines = False

    def begin(self) -> None:
        """Prepare for a reply that is parsed as a whole."""
        self.keys = {}
        self._named = set()
        self._has_other_lines = False

    def note_other(self) -> None:
        """Note that there is a line in the section that names no database."""
        self._has_other_lines = True

    def read_database(self, name: str, text: str) -> LineReader | None:
        """Read `db0:keys=4,expires=0,avg_ttl=0`; None if it is no such line."""
        if not _DATABASE.fullmatch(name):
            return None
        names, _ = parse_named_amounts(text)
        places = {field.strip(): place for place, field in enumerate(names)}
        table, database = self._table, int(name[2:])
        # Without keys it is one of which they are not known.
        self._named.add(database)
        if "keys" not in places:
            return None
        is_shown = self._has_room()
        indexes = [
            (places[field], scale, table.index(family, name))
            for field, (family, scale) in _FIELDS.items()
            if is_shown and field in places
        ]

        def read(text: str) -> bool:
            names_now, amounts = parse_named_amounts(text)
            if names_now != names:
                return False
            for place, scale, index in indexes:
                amount = amounts[place]
                if index is not None:
                    table.values[index] = None if amount is None else amount * scale
            keys = amounts[places["keys"]]
            if keys is not None:
                self.keys[database] = int(keys)
                self._highest = max(self._highest, database)
            return True

        read(text)
        return CallbackReader(read)

    def read_types(self, line: str) -> LineReader | None:
        """Read the keys of one type in one database; None if it is no such line."""
        match = _BY_TYPE.fullmatch(line)
        if match is None:
            return None
        database, table = int(match[1]), self._table
        self._named.add(database)
        if self._has_room():
            for family, count in ((KEYS, match[2]), (KEYS_EXPIRING, match[3])):
                index = table.index(family, f"db{database}")
                if index is not None:
                    table.values[index] = float(count) + (table.values[index] or 0.0)
        return FULL_REPARSE

    def _has_room(self) -> bool:
        """Return whether the database named last is shown."""
        is_shown = len(self._named) <= MAX_DATABASES
        self._cap.leave_out(int(not is_shown))
        return is_shown

    def fill_empty(self) -> None:
        """Show databases that hold nothing with 0 keys, as far as any above has held some.

        There may be thousands that nobody has ever used.
        """
        if self._has_other_lines and not self._named:
            return
        for database in range(min(self._highest + 1, _MAX_EMPTY)):
            if database not in self._named:
                self._table.set(KEYS, 0.0, f"db{database}")
                self._table.set(KEYS_EXPIRING, 0.0, f"db{database}")
