"""The page `/federate`: the newest sample of each series, for a Prometheus that takes some of them over.

Source: web/federate.go of github.com/prometheus/prometheus. Every family is untyped, every sample has its
timestamp, external labels are added where a series lacks them, and so is an empty `instance`, so that whoever
scrapes with `honor_labels` does not put its own there.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from exporter.metrics.text import Format, format_value
from exporter.model.labels import METRIC_NAME, Labels, escape

_INSTANCE: Final = "instance"
_LEGACY_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LEGACY_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_NOT_IN_NAME: Final = re.compile(r"[^a-zA-Z0-9_:]", re.ASCII)
_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)
_TYPES: Final = {Format.TEXT: "untyped", Format.OPENMETRICS: "unknown"}


class FederatedSample(NamedTuple):
    """One sample of a series; `at_ms` is its timestamp in milliseconds."""

    labels: Labels
    at_ms: int
    value: float


class FederationText:
    """Writes samples as Prometheus' own `/federate` does.

    With `takes_utf8` the client reads names of any characters, which are quoted then (`escaping=allow-utf-8`
    in its Accept header); for others what no name had before is written as `_`.
    """

    def __init__(self, form: Format, external_labels: Labels, *, takes_utf8: bool) -> None:
        self._form = form
        self._takes_utf8 = takes_utf8
        external = external_labels.as_dict()
        external.setdefault(_INSTANCE, "")
        self._external = sorted(external.items())

    @property
    def content_type(self) -> str:
        """The header Content-Type."""
        return f"{self._form.value}; escaping=allow-utf-8" if self._takes_utf8 else self._form.value

    def texts(self, samples: Iterable[FederatedSample]) -> Iterator[str]:
        """Yield the page line by line; the samples are in order of their metric names.

        Series without a name are left out: no format can tell of them.
        """
        last_name = ""
        for labels, at_ms, value in samples:
            name = labels.name
            if not name:
                continue
            if name != last_name:
                last_name = name
                yield f"# TYPE {self._head(name)} {_TYPES[self._form]}\n"
            yield f"{self._series(name, labels)} {format_value(value)} {self._moment(at_ms)}\n"
        if self._form is Format.OPENMETRICS:
            yield "# EOF\n"

    def _head(self, name: str) -> str:
        if _LEGACY_NAME.fullmatch(name):
            return name
        return f'"{escape(name)}"' if self._takes_utf8 else _underscored(name, _NOT_IN_NAME)

    def _series(self, name: str, labels: Labels) -> str:
        """The name and the labels: those of the series, then what it lacks of the external ones."""
        own = dict(labels.pairs)
        missing = [pair for pair in self._external if pair[0] not in own]
        pairs = [pair for pair in labels.pairs if pair[0] != METRIC_NAME] + missing
        inner = ",".join([f'{self._label(key)}="{escape(value)}"' for key, value in pairs])
        if self._takes_utf8 and not _LEGACY_NAME.fullmatch(name):
            return f"{{{self._head(name)},{inner}}}"
        return f"{self._head(name)}{{{inner}}}"

    def _label(self, name: str) -> str:
        if _LEGACY_LABEL.fullmatch(name):
            return name
        return f'"{escape(name)}"' if self._takes_utf8 else _underscored(name, _NOT_IN_LABEL)

    def _moment(self, at_ms: int) -> str:
        """Milliseconds in the text format, seconds in OpenMetrics."""
        return str(at_ms) if self._form is Format.TEXT else f"{at_ms // 1000}.{at_ms % 1000:03}"


def _underscored(name: str, forbidden: "re.Pattern[str]") -> str:
    """A name for readers of the former characters only (`UnderscoreEscaping` of prometheus/common)."""
    text = forbidden.sub("_", name)
    return f"_{text[1:]}" if text[:1].isdigit() else text
