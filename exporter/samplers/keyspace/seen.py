"""What a pass over the keyspace has come by, for whoever looks for certain keys."""

from collections.abc import Iterable

from exporter.samplers.base import SeenName
from exporter.samplers.keyspace.history import History
from exporter.samplers.keyspace.report import OTHER


def seen_names(history: History) -> tuple[SeenName, ...]:
    """The patterns of a finished pass, of which some are names, and the names of the biggest keys."""
    return (*_patterns(history), *_biggest(history))


def _patterns(history: History) -> Iterable[SeenName]:
    for one in history.report.patterns:
        if one.pattern != OTHER:
            yield SeenName(int(one.database[2:]), one.pattern.encode(), frozenset(one.types), one.keys)


def _biggest(history: History) -> Iterable[SeenName]:
    for database, keys in history.tracked.items():
        for name, key in keys.items():
            yield SeenName(database, name, frozenset({key.kind}), 1)
