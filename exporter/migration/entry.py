"""`Entry`: one mapping of another program's file, read key by key, so that nothing of it is forgotten."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.config.document import Document
from exporter.errors import ConfigError, Place, Problem, UsageError
from exporter.migration.go_duration import parse_go_duration
from exporter.migration.notes import Notes
from exporter.model.duration import InvalidDurationError, parse_duration

Locate = Callable[[str], int]
"""The line of a key of a mapping; of the mapping itself for an empty name."""

_TRUE: Final = frozenset({"true", "yes", "on", "1", "y", "t"})
_FALSE: Final = frozenset({"false", "no", "off", "0", "n", "f", ""})


@dataclass(slots=True)
class Entry:
    """A mapping of a file. Scalars of YAML are texts, those of TOML have their types.

    Each key is read by its method; `unread` is what no one has asked for.
    """

    file: str
    data: Mapping[str, Any] = field(repr=False)
    locate: Locate
    _read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, document: Document, place: Place, data: Any) -> "Entry":
        """One of a YAML file; raises `ConfigError` where no mapping stands there."""
        if not isinstance(data, dict):
            raise ConfigError([document.problem(place, "must be a mapping")])

        def locate(key: str) -> int:
            return document.locate_key((*place, key))[0] if key else document.locate(place)[0]

        return cls(document.name, data, locate)

    def where(self, key: str = "") -> str:
        """`file:line` of a key, or of the mapping."""
        return f"{self.file}:{self.locate(key)}"

    def wrong(self, key: str, message: str) -> ConfigError:
        """The error about the value of a key."""
        return ConfigError([Problem((key,), message, file=self.file, line=self.locate(key), column=1)])

    def raw(self, key: str) -> Any:
        """The value as it stands there; None where there is none."""
        self._read.add(key)
        return self.data.get(key)

    def text(self, key: str, default: str = "") -> str:
        """A text, or a number as one."""
        value = self.raw(key)
        if isinstance(value, list | dict):
            raise self.wrong(key, "must be a text")
        if isinstance(value, bool):
            return str(value).lower()
        return default if value is None else str(value)

    def flag(self, key: str) -> bool | None:
        """True or false; None where nothing is said."""
        if self.raw(key) is None:
            return None
        word = self.text(key).lower()
        if word not in _TRUE | _FALSE:
            raise self.wrong(key, "must be true or false")
        return word in _TRUE

    def milliseconds(self, key: str) -> int:
        """A duration, as a number of seconds or in Go's form (`1m30s`, `1.5s`); 0 where there is none."""
        text = self.text(key).strip()
        if not text:
            return 0
        try:
            return read_duration(text)
        except ValueError:
            message = f'"{text}" is not a duration: write seconds, or units such as 15s'
            raise self.wrong(key, message) from None

    def number(self, key: str) -> int:
        """A whole number of at least 0; 0 where there is none."""
        text = self.text(key).strip() or "0"
        if not (text.isascii() and text.isdecimal()):
            raise self.wrong(key, f'must be a whole number, not "{text}"')
        return int(text)

    def texts(self, key: str) -> Sequence[str]:
        """A list of texts."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list) or any(isinstance(one, list | dict) for one in value):
            raise self.wrong(key, "must be a list of texts")
        return [str(one) for one in value if one is not None]

    def unread(self) -> Iterator[str]:
        """The keys that nobody has asked for, in the order of the file."""
        return (key for key in self.data if key not in self._read)

    def pass_over(self, keys: Iterable[str]) -> None:
        """Count these as read: they say nothing here."""
        self._read.update(keys)

    def tell_unread(self, reasons: Mapping[str, str], notes: Notes, *, what: str = "") -> None:
        """Say of each key that nobody has asked for why it is not taken."""
        for key in self.unread():
            reason = reasons.get(key, "is not known here, and not taken")
            notes.differ(f"{what}{key} {reason}", self.where(key))


def read_duration(text: str) -> int:
    """Milliseconds of seconds (`5`, `0.5`) or of a duration of Go or Prometheus; raises `ValueError`."""
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if not 0 <= seconds < 10**9:
            raise ValueError("out of range")
        return round(seconds * 1000)
    try:
        return parse_duration(text)
    except InvalidDurationError:
        pass
    try:
        return parse_go_duration(text, "it")
    except UsageError as error:
        raise ValueError(str(error)) from None
