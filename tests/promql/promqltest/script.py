"""From the text of a script to its commands.

The language is described in github.com/prometheus/prometheus, promql/promqltest/README.md.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from exporter.errors import QueryError
from exporter.model.duration import parse_duration
from exporter.model.labels import Labels
from exporter.promql.numbers import parse_float
from exporter.promql.syntax.literals import unquote
from tests.promql.promqltest.notation import Mark, SeriesDescription, parse_series

_LOAD: Final = re.compile(r"load(?:_(with_nhcb))?\s+(.+?)")
_INSTANT: Final = re.compile(r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)")
_RANGE: Final = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)"
)
_EXPECT: Final = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?")
_EXPECT_WINDOW: Final = re.compile(r"expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)")
_EXPECT_STRING: Final = "expect string "
_START_TIMES: Final = re.compile(r"([^\s{]*(?:\{[^}]*\})?)@st\s")
_PLACE: Final = re.compile(r" \(\d+:\d+\)$")
_BUCKETS: Final = re.compile(r", from buckets \S+ to \S+, with a max diff of .*$")
_SERIES: Final = re.compile(r"[^\s{]*(?:\{(?:\"(?:[^\"\\]|\\.)*\"|[^}\"])*\})?(?=\s)")


class ScriptError(ValueError):
    """A script that does not follow the language."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop all data."""


@dataclass(frozen=True, slots=True)
class Load:
    """Add series. `start_times` are the series that come with start timestamps, an experimental feature, and
    `unknown` those with samples of a kind that this reader does not know."""

    step_ms: int
    series: list[SeriesDescription]
    with_histograms: bool
    start_times: list[Labels] = field(default_factory=list)
    unknown: list[Labels] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an annotation or an error should be like: any, a text, or a pattern to be found.

    Older versions of the suite leave out of the text of an annotation where in the query and in which buckets
    it arose.
    """

    message: str | None = None
    pattern: str | None = None

    def accepts(self, text: str) -> bool:
        """Whether a text is as expected."""
        forms = (text, place_left_out := _PLACE.sub("", text), _BUCKETS.sub("", place_left_out))
        if self.message is not None:
            return self.message in forms
        return self.pattern is None or any(re.search(self.pattern, form) for form in forms)


@dataclass(slots=True)
class Eval:
    """One query and what is expected of it; times in milliseconds."""

    line: int
    query: str
    start_ms: int
    end_ms: int
    step_ms: int = 0
    at_ms: int = 0
    is_range: bool = False
    has_histograms: bool = False
    has_unknown: bool = False
    scalar: float | None = None
    string: str | None = None
    series: dict[Labels, list[float | Mark]] = field(default_factory=dict)
    range_vector: bool = False
    notes: dict[str, list[Expectation]] = field(default_factory=dict)

    @property
    def may_fail(self) -> bool:
        """Whether an error is expected."""
        return "fail" in self.notes

    @property
    def is_ordered(self) -> bool:
        """Whether the order of the result counts."""
        return "ordered" in self.notes


Command = Clear | Load | Eval


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place at which the script does not follow the language."""

    line: int
    message: str


def parse_time(text: str) -> int:
    """A duration, or a bare number of seconds, in milliseconds."""
    return int(text) * 1000 if text.isdigit() else parse_duration(text)


def read_script(text: str) -> Iterator[Command | Unreadable]:
    """The commands of a script, in order; what cannot be read is left out up to the next empty line."""
    reader = _Reader(text)
    while (command := reader.command()) is not None:
        yield command


class _Reader:
    def __init__(self, text: str) -> None:
        stripped = [line.strip() for line in text.split("\n")]
        self._lines = ["" if line.startswith("#") else line for line in stripped]
        self._next = 0

    def command(self) -> Command | Unreadable | None:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if line:
                return self._read(line)
        return None

    def _read(self, line: str) -> Command | Unreadable:
        try:
            return self._parse(line)
        except (QueryError, ValueError, IndexError) as error:
            place = self._next
            for _ in self._block():
                pass
            return Unreadable(place, str(error))

    def _parse(self, line: str) -> Command:
        word = line.split()[0].lower()
        if word == "clear":
            return Clear()
        if word.startswith("load"):
            return self._load(line)
        if word.startswith("eval"):
            return self._eval(line)
        raise ScriptError(f"invalid command {line!r}")

    def _block(self) -> Iterator[str]:
        """The lines up to the next empty one."""
        while self._next < len(self._lines) and self._lines[self._next]:
            self._next += 1
            yield self._lines[self._next - 1]

    def _load(self, line: str) -> Load:
        match = _LOAD.fullmatch(line)
        if match is None:
            raise ScriptError("invalid load command")
        load = Load(parse_time(match[2]), [], match[1] is not None)
        for described in self._block():
            start_times = _START_TIMES.match(described)
            if start_times is not None:
                load.start_times.append(parse_series(f"{start_times[1] or '{}'} _").labels)
                continue
            series = _read_series(described)
            if isinstance(series, Labels):
                load.unknown.append(series)
            else:
                load.series.append(series)
        return load

    def _eval(self, line: str) -> Eval:
        instant, ranged = _INSTANT.fullmatch(line), _RANGE.fullmatch(line)
        if instant is not None:
            at_ms = parse_time(instant[2] or "")
            found = Eval(self._next, instant[3], at_ms, at_ms, at_ms=at_ms)
            modifier = instant[1]
        elif ranged is not None:
            start, end, step = map(parse_time, ranged.group(2, 3, 4))
            found = Eval(self._next, ranged[5], start, end, step, is_range=True)
            modifier = ranged[1]
        else:
            raise ScriptError("invalid eval command")
        if modifier:
            found.notes[modifier] = [Expectation()]
        for expected in self._block():
            if not self._expectation(found, expected):
                break
        return found

    def _expectation(self, found: Eval, line: str) -> bool:
        """Take in one line; false where it ends the expectations."""
        if line.startswith(("expected_fail_message", "expected_fail_regexp")):
            word, _, text = line.partition(" ")
            exact = word.endswith("message")
            found.notes["fail"] = [
                Expectation(text.strip() if exact else None, None if exact else text.strip())
            ]
            return False
        if line.startswith("expect range vector"):
            self._window(found, line)
        elif line.startswith(_EXPECT_STRING):
            found.string = unquote(line.removeprefix(_EXPECT_STRING).strip())
        elif line.split(" ")[0] == "expect":
            self._note(found, line)
        elif (number := parse_float(line)) is not None:
            found.scalar = number
            return False
        else:
            described = _read_series(line)
            if isinstance(described, Labels):
                found.has_unknown = True
            else:
                found.series[described.labels] = described.points
                found.has_histograms |= Mark.HISTOGRAM in described.points
        return True

    def _window(self, found: Eval, line: str) -> None:
        match = _EXPECT_WINDOW.fullmatch(line)
        if match is None:
            raise ScriptError("invalid range vector definition")
        found.start_ms, found.end_ms, found.step_ms = map(parse_time, match.groups())
        found.at_ms = found.end_ms
        found.range_vector = True

    def _note(self, found: Eval, line: str) -> None:
        match = _EXPECT.fullmatch(line)
        if match is None:
            raise ScriptError(f"invalid expect line {line!r}")
        kind, how, text = match.groups()
        expectation = Expectation(
            text.strip() if how == "msg" else None, text.strip() if how == "regex" else None
        )
        found.notes.setdefault(kind, []).append(expectation)


def _read_series(line: str) -> SeriesDescription | Labels:
    """A series; its labels alone where its samples are in no notation known here. Raises `QueryError`."""
    try:
        return parse_series(line)
    except QueryError:
        head = _SERIES.match(line)
        if head is None:
            raise
        return parse_series(f"{head.group() or '{}'} _").labels
