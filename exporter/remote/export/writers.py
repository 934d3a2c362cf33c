"""The formats of an export: OpenMetrics for `promtool tsdb create-blocks-from`, JSON lines, CSV.

Sources: https://prometheus.io/docs/specs/om/open_metrics_spec/ and, for names that it did not know,
https://prometheus.io/docs/guides/utf8/; for JSON lines the format of `/api/v1/import` of VictoriaMetrics,
https://docs.victoriametrics.com/victoriametrics/#json-line-format.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from exporter.metrics.text import format_values
from exporter.model.labels import METRIC_NAME, Labels, escape
from exporter.remote.export.model import Samples

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


class Writer(Protocol):
    """Writes series, those of one metric name after the other."""

    def head(self, name: str) -> str:
        """What stands before the series of a metric name."""
        ...

    def samples(self, labels: Labels, samples: Samples) -> str:
        """Some samples of a series, in order of time."""
        ...

    @property
    def begin(self) -> str:
        """What stands before everything."""
        ...

    @property
    def end(self) -> str:
        """What stands after everything."""
        ...


class OpenMetricsWriter:
    """One line a sample, with its timestamp.

    Each metric name is a family of its own, so that a series can be written from its first sample to its
    last: in a histogram all buckets of one moment would have to stand together. A counter is called one where
    its name ends as OpenMetrics has it, and no other family has the name that is left then; its name stays as
    it is. `kinds` are types by metric name.
    """

    begin = ""
    end = "# EOF\n"

    def __init__(self, names: Collection[str], kinds: Mapping[str, str]) -> None:
        self._names = frozenset(names)
        self._kinds = kinds
        self._labels: Labels | None = None
        self._series = ""

    def head(self, name: str) -> str:
        """The type."""
        kind = self._kinds.get(name, "")
        stem = name.removesuffix("_total")
        is_free = self._names.isdisjoint((stem, f"{stem}_created"))
        if kind == "counter" and stem != name and is_free:
            return f"# TYPE {_quoted(stem, _NAME)} counter\n"
        return f"# TYPE {_quoted(name, _NAME)} {'gauge' if kind == 'gauge' else 'unknown'}\n"

    def samples(self, labels: Labels, samples: Samples) -> str:
        """Lines."""
        if labels is not self._labels:
            self._labels, self._series = labels, f"\n{_written(labels)} "
        series = self._series
        values = format_values(samples.values)
        # To cut digits off takes less time than to divide; since 1970 there have been more than three.
        lines = [
            f"{series}{value} {at_ms[:-3]}.{at_ms[-3:]}"
            for at_ms, value in zip(map(str, samples.times), values, strict=True)
        ]
        return f"{''.join(lines)[1:]}\n" if lines else ""


class JsonWriter:
    """One JSON document a line: labels, timestamps in milliseconds, values (null: not a number)."""

    begin = end = ""

    def head(self, name: str) -> str:
        """Nothing."""
        return ""

    def samples(self, labels: Labels, samples: Samples) -> str:
        """One line."""
        values = [value if abs(value) < _INFINITY else _json_value(value) for value in samples.values]
        line = {"metric": labels.as_dict(), "values": values, "timestamps": list(samples.times)}
        return f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n"


_INFINITY: Final = float("inf")


def _json_value(value: float) -> str | None:
    """JSON has no such numbers; VictoriaMetrics reads these texts."""
    if value != value:
        return None
    return "Infinity" if value > 0 else "-Infinity"


class CsvWriter:
    """Lines of metric name, labels as PromQL writes them, time (RFC 3339) and value, with a head."""

    begin = "name,labels,time,value\n"
    end = ""

    def head(self, name: str) -> str:
        """Nothing."""
        return ""

    def samples(self, labels: Labels, samples: Samples) -> str:
        """Lines (RFC 4180)."""
        text = io.StringIO()
        own = str(labels.without(METRIC_NAME))
        rows = zip(samples.times, format_values(samples.values), strict=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([labels.name, own, _moment(at_ms), value] for at_ms, value in rows)
        return text.getvalue()


def _moment(at_ms: int) -> str:
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"


def _written(labels: Labels) -> str:
    """A series as the format has it; names that OpenMetrics 1.0 did not know are quoted."""
    name = labels.name
    inner = ",".join(
        [f'{_quoted(key, _LABEL)}="{escape(value)}"' for key, value in labels.pairs if key != METRIC_NAME]
    )
    if _NAME.fullmatch(name):
        return f"{name}{{{inner}}}" if inner else name
    return f"{{{_quoted(name, _NAME)},{inner}}}" if inner else f"{{{_quoted(name, _NAME)}}}"


def _quoted(name: str, plain: "re.Pattern[str]") -> str:
    return name if plain.fullmatch(name) else f'"{escape(name)}"'


WRITERS: Final[Mapping[str, type[JsonWriter] | type[CsvWriter]]] = {"json": JsonWriter, "csv": CsvWriter}
"""Those that need to know nothing beforehand, by the name of the format."""


def make_writer(form: str, names: Sequence[str], kinds: Mapping[str, str]) -> Writer:
    """Return the writer of a format: `openmetrics`, `json` or `csv`."""
    return OpenMetricsWriter(names, kinds) if form == "openmetrics" else WRITERS[form]()
