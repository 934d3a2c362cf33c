"""What one redis_exporter is told, by its command line and its environment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from exporter.errors import UsageError
from exporter.migration.redis_exporter.flags import BY_NAME, FLAGS, Flag
from exporter.migration.redis_exporter.go_flags import checked, parse_flags
from exporter.migration.redis_exporter.variables import variable_in


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and where it is from: `--redis.addr` or `REDIS_ADDR`."""

    value: str
    origin: str


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings that were given, by the names of flags; all others have their defaults.

    `remarks` are sentences about what redis_exporter itself has not read of them.
    """

    given: Mapping[str, Setting]
    remarks: Sequence[str] = ()

    @classmethod
    def read(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> Self:
        """As redis_exporter reads them: a flag wins over its variable.

        Raises `UsageError` for a flag that is unknown or has a value that is none.
        """
        remarks: list[str] = []
        given: dict[str, Setting] = {}
        for flag in FLAGS:
            if flag.variable in environment:
                _take_variable(flag, environment[flag.variable], given, remarks)
        parsed = parse_flags(arguments, BY_NAME)
        given |= {name: Setting(value, f"--{name}") for name, value in parsed.values.items()}
        if parsed.unread:
            # What is no flag may be a password.
            after = [text.partition("=")[0] for text in parsed.unread if text.startswith("-")]
            lost = f", and so {', '.join(after)}" if after else ""
            remarks.append(
                "redis_exporter stops reading at the first argument that is no flag (a truth value needs a "
                f"=: --debug=true): the last {len(parsed.unread)} are not read{lost}"
            )
        _require_values(given)
        return cls(given, tuple(remarks))

    def text(self, name: str) -> str:
        """The value of a flag."""
        setting = self.given.get(name)
        return setting.value if setting else BY_NAME[name].default

    def variable(self, name: str) -> str:
        """The environment variable that a value is handed over in, and not known here; empty: none."""
        return variable_in(self.text(name)) if name in self.given else ""

    def is_on(self, name: str) -> bool:
        """Whether a flag is true."""
        return self.text(name) == "true"

    def differs(self, name: str) -> bool:
        """Whether a flag has another value than without being given."""
        return self.text(name) != BY_NAME[name].default

    def origin(self, name: str) -> str:
        """Where the value is from, for messages."""
        setting = self.given.get(name)
        return setting.origin if setting else f"--{name}"

    def __repr__(self) -> str:
        return f"Settings({', '.join(self.given)})"


def _require_values(given: Mapping[str, Setting]) -> None:
    """Only a password may stay where it is, in a variable."""
    address = given.get("redis.addr")
    if address and (holds := re.search(r"\$\{\w+\}", address.value)) and holds[0] != address.value:
        raise UsageError(
            f"{address.origin} holds {holds[0]}, whose value is not known here: give it by --env-file"
        )
    for name, setting in given.items():
        if name != "redis.password" and (variable := variable_in(setting.value)):
            raise UsageError(
                f"{setting.origin} is ${variable}, whose value is not known here: give it by --env-file"
            )


def _take_variable(flag: Flag, value: str, given: dict[str, Setting], remarks: list[str]) -> None:
    """redis_exporter passes over a variable that is no truth value or number, without a word."""
    try:
        text = checked(flag, value, flag.variable)
    except UsageError as error:
        remarks.append(f"{error}: redis_exporter passes over it, and so does this")
        return
    given[flag.name] = Setting(text, flag.variable)
