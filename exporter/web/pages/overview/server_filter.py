"""The filter box: `cache role:replica env=prod memory>80% latency>5ms`; all of it must hold."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.model.target import INSTANCE_LABEL
from exporter.web.pages.overview.servers import Server

LONGEST: Final = 500

_TERM: Final = re.compile(r'(?:"[^"]*"|\S)+')
_COMPARED: Final = re.compile(r"([a-z_]+)(<=|>=|<|>)(.+)")
_LABELLED: Final = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(!?=)(.*)")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z%]*)")
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BYTES: Final = {"b": 1, "k": 2**10, "kib": 2**10, "m": 2**20, "mib": 2**20, "g": 2**30, "gib": 2**30}
_BYTES_MORE: Final = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "t": 2**40, "tib": 2**40, "tb": 10**12}
_COUNTS: Final = {"": 1, "k": 10**3, "m": 10**6}
_FIELDS: Final = ("memory", "commands", "ops", "hits", "latency", "clients", "lag")
_WORDS: Final = ("role", "version", "is", "group")

Predicate = Callable[[Server], bool]


class FilterError(Exception):
    """A filter that cannot be meant; the text says why, and what can be written."""


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """What a server must be to be shown; without predicates all are."""

    predicates: Sequence[Predicate] = ()

    @classmethod
    def parse(cls, text: str) -> "ServerFilter":
        """Parse the text of the box; raises `FilterError`."""
        if len(text) > LONGEST:
            raise FilterError(f"A filter has at most {LONGEST} characters.")
        return cls([_predicate(term.replace('"', "")) for term in _TERM.findall(text)])

    def fits(self, server: Server) -> bool:
        """Whether a server is to be shown."""
        return all(holds(server) for holds in self.predicates)


def _predicate(term: str) -> Predicate:
    if match := _COMPARED.fullmatch(term):
        return _comparison(*match.groups())
    name, colon, value = term.partition(":")
    if colon and name in _WORDS:
        return _word(name, value.casefold())
    if match := _LABELLED.fullmatch(term):
        return _label(*match.groups())
    wanted = term.casefold()
    return lambda server: any(wanted in text.casefold() for text in _texts(server))


def _texts(server: Server) -> Sequence[str]:
    labels = [value for _, value in server.runner.target.labels.pairs]
    return [server.instance, server.group, server.role, server.version, *labels]


def _word(name: str, value: str) -> Predicate:
    if name == "is":
        return _state(value)
    if name == "role":
        wanted = {"master": "primary", "slave": "replica"}.get(value, value)
        return lambda server: server.role.casefold() == wanted
    if name == "group":
        return lambda server: server.group.casefold() == value
    return lambda server: value in server.version.casefold()


def _state(value: str) -> Predicate:
    states: Mapping[str, Predicate] = {
        "down": lambda server: server.runner.status.up is False,
        "up": lambda server: server.runner.status.up is True,
        "problem": lambda server: not server.is_well,
        "well": lambda server: server.is_well,
        "silenced": lambda server: server.sign == "quiet",
    }
    if value not in states:
        raise FilterError(f"is: is followed by one of {', '.join(states)}.")
    return states[value]


def _label(name: str, sign: str, value: str) -> Predicate:
    def holds(server: Server) -> bool:
        own = server.instance if name == INSTANCE_LABEL else server.runner.target.labels.get(name)
        return (own == value) is (sign == "=")

    return holds


def _comparison(name: str, sign: str, text: str) -> Predicate:
    if name not in _FIELDS:
        raise FilterError(f"{name} is no figure: compare one of {', '.join(_FIELDS)}.")
    field, bound = _bound(name, text.strip())
    compare = _COMPARE[sign]

    def holds(server: Server) -> bool:
        value: float | None = getattr(server.figures, field)
        return value is not None and compare(value, bound)

    return holds


def _bound(name: str, text: str) -> tuple[str, float]:
    """The figure that is meant, and what it is compared with."""
    match = _NUMBER.fullmatch(text)
    number, unit = (float(match[1]), match[2].casefold()) if match else (0.0, "?")
    if name == "memory" and unit == "%":
        return "share", number / 100
    if name == "hits" and unit in ("", "%"):
        return "hit_rate", number / 100
    if name == "memory" and (size := (_BYTES | _BYTES_MORE).get(unit)):
        return name, number * size
    if name in ("latency", "lag"):
        return name, _seconds(name, text)
    if unit in _COUNTS:
        return {"ops": "commands"}.get(name, name), number * _COUNTS[unit]
    ways = {"memory": "80% or 4GiB", "hits": "90%"}
    raise FilterError(f"{name} is compared with a figure such as {ways.get(name, '1000 or 20k')}.")


def _seconds(name: str, text: str) -> float:
    try:
        return parse_duration(text) / 1000
    except InvalidDurationError:
        raise FilterError(f"{name} is compared with a duration such as 5ms or 2s.") from None
