"""CONFIG GET: the limits that a server is configured with; secrets are not even asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Final

from exporter.config.samplers.server import ServerConfigSection
from exporter.connection import Client, Command
from exporter.metrics import SeriesTable
from exporter.model.floats import parse_float
from exporter.model.sample import Family, Kind
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, label_text

OUTPUT_LIMIT: Final = Family(
    "redis_config_client_output_buffer_limit_bytes",
    Kind.GAUGE,
    "Configured limits of output buffers by class of client.",
    ("class", "limit"),
)
OUTPUT_LIMIT_SECONDS: Final = Family(
    "redis_config_client_output_buffer_limit_overcome_seconds",
    Kind.GAUGE,
    "How long the soft limit may be exceeded before the client is disconnected.",
    ("class", "limit"),
)
KEY_VALUE: Final = Family(
    "redis_config_key_value", Kind.GAUGE, "A parameter and its value; always 1.", ("key", "value")
)
VALUE: Final = Family(
    "redis_config_value", Kind.GAUGE, "The value of a parameter that is a number.", ("key",)
)
RDB_SIZE: Final = Family(
    "redis_rdb_current_size_bytes", Kind.GAUGE, "Size of the RDB file; 0 if there is none."
)


def _gauge(name: str, parameter: str) -> Family:
    return Family(f"redis_{name}", Kind.GAUGE, f"Parameter {parameter}.")


_NUMBERS: Final = {
    parameter: _gauge(name, parameter)
    for parameter, name in {
        "maxmemory": "config_maxmemory",
        "maxclients": "config_maxclients",
        "io-threads": "config_io_threads",
        "slowlog-log-slower-than": "config_slowlog_log_slower_than",
        "slowlog-max-len": "config_slowlog_max_len",
        "commandlog-execution-slower-than": "commandlog_execution_slower_than",
        "commandlog-slow-execution-max-len": "commandlog_slow_execution_max_len",
        "commandlog-request-larger-than": "commandlog_request_larger_than",
        "commandlog-large-request-max-len": "commandlog_large_request_max_len",
        "commandlog-reply-larger-than": "commandlog_reply_larger_than",
        "commandlog-large-reply-max-len": "commandlog_large_reply_max_len",
    }.items()
}
_OUTPUT_LIMIT: Final = "client-output-buffer-limit"
_QUESTIONS: Final = (
    "maxmemory",
    "maxclients",
    "io-threads",
    "slowlog-*",
    "commandlog-*",
    _OUTPUT_LIMIT,
)
_FILE_QUESTIONS: Final = ("dir", "dbfilename")
# Parameters whose values are, or hold, secrets or names of users.
_SECRET_WORDS: Final = ("pass", "auth", "secret", "user", "token", "credential", "keytab")
_MAX_VALUE: Final = 200
# A server has about two hundred of them.
_MAX_PARAMETERS: Final = 1_000


def is_secret(parameter: str) -> bool:
    """Return whether the value of a parameter must not be shown."""
    return any(word in parameter.lower() for word in _SECRET_WORDS)


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Parameters of the server that other samplers go by; 0 where they are not known."""

    slowlog_max_len: int = 0
    command: str = "CONFIG"
    """The name of CONFIG, where the server has renamed it."""


class ServerConfigSampler:
    """Reads the configuration of one server."""

    def __init__(self, context: SamplerContext[ServerConfigSection]) -> None:
        self._settings = context.settings
        self._context = context
        self._table = context.table
        self._cap = context.new_cap("key", _MAX_PARAMETERS)

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        answers = await self._context.support.ask(connection, self._commands())
        parameters = {
            name: label_text(value) for reply in answers.values() for name, value in field_map(reply).items()
        }
        self._provide(parameters)
        self._write(parameters)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""

    def _commands(self) -> Mapping[str, Command]:
        """Return a command per pattern: before Redis 7 CONFIG GET takes only one."""
        names = ("*",) if self._settings.all else _QUESTIONS
        if self._settings.rdb_file:
            names = (*names, *_FILE_QUESTIONS)
        command = self._settings.config_command
        return {f"CONFIG GET {name}": (command, "GET", name) for name in names}

    def _provide(self, parameters: Mapping[str, str]) -> None:
        slowlog_max_len = _whole(parameters.get("slowlog-max-len", ""))
        self._context.facts.provide(ServerConfig(slowlog_max_len, self._settings.config_command))

    def _write(self, parameters: Mapping[str, str]) -> None:
        table = self._table
        for name, family in _NUMBERS.items():
            value = parse_float(parameters.get(name, ""))
            if value is not None:
                table.set(family, value)
        _write_output_limits(parameters.get(_OUTPUT_LIMIT, ""), table)
        if self._settings.all:
            self._cap.leave_out(len(parameters) - _MAX_PARAMETERS)
            _write_all(dict(islice(parameters.items(), _MAX_PARAMETERS)), table)
        if self._settings.rdb_file:
            size = _rdb_size(parameters.get("dir", ""), parameters.get("dbfilename", ""))
            if size is not None:
                table.set(RDB_SIZE, float(size))


def _write_output_limits(value: str, table: SeriesTable) -> None:
    """`normal 0 0 0 slave 268435456 67108864 60`: class, hard and soft limit, seconds."""
    words = value.split()
    for name, *limits in zip(words[::4], words[1::4], words[2::4], words[3::4], strict=False):
        series = (OUTPUT_LIMIT, "hard"), (OUTPUT_LIMIT, "soft"), (OUTPUT_LIMIT_SECONDS, "soft")
        for (family, kind), limit in zip(series, limits, strict=True):
            number = parse_float(limit)
            if number is not None:
                table.set(family, number, name, kind)


def _write_all(parameters: Mapping[str, str], table: SeriesTable) -> None:
    for name, value in parameters.items():
        if is_secret(name):
            continue
        table.set(KEY_VALUE, 1.0, name, value[:_MAX_VALUE])
        number = parse_float(value)
        if number is not None:
            table.set(VALUE, number, name)


def _rdb_size(directory: str, name: str) -> int | None:
    """Return the size of a server's RDB file, 0 if there is none; None if it cannot be told.

    The server says where to look, so anything but a plain file name is not looked for.
    """
    if not directory or not name or name != Path(name).name or name in {".", ".."}:
        return None
    try:
        found = os.stat(Path(directory) / name, follow_symlinks=False)
    except FileNotFoundError:
        return 0
    except (OSError, ValueError):
        return None
    return found.st_size if S_ISREG(found.st_mode) else None


def _whole(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < 20 else 0


SPEC: Final = SamplerSpec(
    "config",
    ServerConfigSection,
    (OUTPUT_LIMIT, OUTPUT_LIMIT_SECONDS, KEY_VALUE, VALUE, RDB_SIZE, *_NUMBERS.values()),
    ServerConfigSampler,
    provides=(ServerConfig,),
)
