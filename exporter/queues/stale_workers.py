"""Assigns each stale worker to one queue, however many it serves: each is one alert."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from exporter.queues.model import Reading
from exporter.queues.vocabulary import ALL_QUEUES

_ALL: Final = ALL_QUEUES.encode()


def assign_stale_workers(readings: Mapping[bytes, Reading], stale: Iterable[Collection[bytes]]) -> None:
    """Count stale workers, given what each serves: with its only queue, else with all queues together.

    `readings` are those of one installation, by the queue's name.
    """
    for reading in readings.values():
        reading.stale_workers = 0
    for served in stale:
        only = next(iter(served)) if len(served) == 1 else _ALL
        place = readings.get(only, readings.get(_ALL))
        if place is not None:
            place.stale_workers = (place.stale_workers or 0) + 1
