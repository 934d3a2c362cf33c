"""Writes an export piece by piece, so that its size does not matter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import compress

from exporter.model.sample import is_stale
from exporter.remote.export.model import ExportSource, Samples
from exporter.remote.export.writers import make_writer


@dataclass(slots=True)
class ExportCount:
    """How much has been exported."""

    series: int = 0
    samples: int = 0


def export(source: ExportSource, form: str, write: Callable[[str], object]) -> ExportCount:
    """Write all series of a source in a format, and return how much that was.

    Stale markers are left out: no text format knows them.
    """
    count = ExportCount()
    names = source.names()
    writer = make_writer(form, names, source.kinds())
    write(writer.begin)
    for name in names:
        head = writer.head(name)
        for labels, pieces in source.series(name):
            is_new = True
            for samples in _without_markers(pieces):
                write(f"{head}{writer.samples(labels, samples)}")
                head = ""
                count.series += is_new
                is_new = False
                count.samples += len(samples.times)
    write(writer.end)
    return count


def _without_markers(pieces: Iterator[Samples]) -> Iterator[Samples]:
    for times, values in pieces:
        total = sum(values)
        if total == total:
            yield Samples(times, values)
            continue
        kept = [value == value or not is_stale(value) for value in values]
        samples = Samples(list(compress(times, kept)), list(compress(values, kept)))
        if samples.times:
            yield samples
