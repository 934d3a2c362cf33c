"""Go's way with flags: one dash or two, `-name=value` or `-name value`, and truth values only with `=`.

Source: https://pkg.go.dev/flag#hdr-Command_line_flag_syntax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.validation import hint
from exporter.errors import UsageError
from exporter.migration.redis_exporter.flags import FORMER, Flag, Kind
from exporter.migration.redis_exporter.variables import variable_in

_TRUE: Final = ("1", "t", "T", "true", "TRUE", "True")
_FALSE: Final = ("0", "f", "F", "false", "FALSE", "False")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a command line says: the values of flags, the last of each, and what Go has not read of it.

    Go stops at the first argument that is no flag, such as the `true` of `--debug true`.
    """

    values: Mapping[str, str]
    unread: Sequence[str] = ()


def parse_flags(arguments: Sequence[str], flags: Mapping[str, Flag]) -> Parsed:
    """Read a command line; raises `UsageError` for a flag that is unknown or has a value that is none."""
    values: dict[str, str] = {}
    rest = list(arguments)
    while rest and len(rest[0]) > 1 and rest[0].startswith("-"):
        argument = rest.pop(0)
        if argument == "--":
            break
        name, has_value, value = argument.removeprefix("-").removeprefix("-").partition("=")
        flag = _flag(name, argument, flags)
        if not has_value:
            if flag.kind is Kind.BOOL:
                value = "true"
            elif rest:
                value = rest.pop(0)
            else:
                raise UsageError(f"--{name}, a flag of redis_exporter, needs a value")
        values[name] = checked(flag, value, f"--{name}")
    return Parsed(values, tuple(rest))


def _flag(name: str, argument: str, flags: Mapping[str, Flag]) -> Flag:
    if name in flags:
        return flags[name]
    if not name or name.startswith("-"):
        raise UsageError(f"{argument.partition('=')[0]} is no flag")
    if name in FORMER:
        raise UsageError(f"--{name} is a flag of redis_exporter before 1.0: {FORMER[name]}")
    way_out = hint(name, flags) or "; see redis_exporter --help"
    raise UsageError(f"--{name} is no flag of redis_exporter{way_out}")


def checked(flag: Flag, value: str, origin: str) -> str:
    """The value of a flag, `true` or `false` for truth values; raises `UsageError` where it cannot be one."""
    if variable_in(value):
        return value
    if flag.kind is Kind.BOOL:
        if value not in _TRUE + _FALSE:
            raise UsageError(f'{origin} must be true or false, not "{value}"')
        return "true" if value in _TRUE else "false"
    if flag.kind is Kind.INT and not value.lstrip("+-").isdecimal():
        raise UsageError(f'{origin} must be a whole number, not "{value}"')
    return value
