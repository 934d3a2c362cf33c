"""The types that fields of configuration files have in common."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from exporter.config.validation import kind_of
from exporter.model.duration import format_duration, parse_duration
from exporter.model.regular_file import is_named_pipe, read_file
from exporter.model.secret import Secret

# The keyword by which the JSON schema tells durations, sizes, paths and secrets from other texts.
KIND: Final = "x-kind"
_MAX_SECRET_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Context:
    """Context of validators: the directory that relative paths start at."""

    base: Path


class Section(BaseModel):
    """The base of every mapping in a configuration file: closed, frozen, and silent about its values.

    A key without a value counts as not written, as in Prometheus. Attribute docstrings become the
    descriptions of the JSON schema and of the documentation.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in data.items() if value is not None or key not in known}


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time, written as Prometheus writes it (`1h30m`); each use names its unit."""

    milliseconds: int

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Raises `exporter.model.duration.InvalidDurationError`, which is a ValueError."""
        return cls(parse_duration(text))

    @property
    def seconds(self) -> float:
        """The same span in seconds."""
        return self.milliseconds / 1000

    def __str__(self) -> str:
        return format_duration(self.milliseconds)

    def __bool__(self) -> bool:
        return self.milliseconds > 0

    @classmethod
    def _from_input(cls, value: object) -> "Duration":
        if isinstance(value, Duration):
            return value
        if value == 0 and type(value) is int:
            # As Prometheus takes it: of no other number the unit would be known.
            return cls(0)
        if not isinstance(value, str):
            raise ValueError(f"must be a duration such as 15s, not {kind_of(value)}")
        return cls.parse(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._from_input, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", KIND: "duration", "examples": ["15s", "1h30m"]}


def _positive(duration: Duration) -> Duration:
    if not duration:
        raise ValueError("must be longer than 0")
    return duration


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
"""A duration that is not zero."""

_BYTE_UNITS: Final = {
    "b": 1,
    "kb": 1 << 10,
    "mb": 1 << 20,
    "gb": 1 << 30,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}


def _bytes_from(value: object) -> object:
    if not isinstance(value, str):
        return value
    digits = value.rstrip("BKMGIbkmgi")
    unit = value[len(digits) :].lower()
    if not digits.isascii() or not digits.isdigit() or (unit and unit not in _BYTE_UNITS):
        raise ValueError(
            f'"{value}" is not a size: write a whole number with unit B, KB, MB or GB, such as 256MB'
        )
    return int(digits) * _BYTE_UNITS.get(unit, 1)


def at_least(smallest: int) -> Callable[[object, ValidatorFunctionWrapHandler], object]:
    """A check of a `ByteSize` that knows how it was written: a number alone was hardly meant in bytes."""

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        size = handler(value)
        if size >= smallest:
            return size
        text = str(value)
        is_bare = text.isascii() and text.isdecimal()
        meant = f": {text} without a unit are bytes, write {text}MB" if is_bare and size else ""
        raise ValueError(f"must be at least {format_size(smallest)}{meant}")

    return check


def format_size(size: int) -> str:
    """A number of bytes in the largest unit that divides it, as configuration files have it."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"


ByteSize = Annotated[
    int,
    BeforeValidator(_bytes_from),
    WithJsonSchema({"type": ["string", "integer"], KIND: "size", "examples": ["256MB"]}),
]
"""A number of bytes; units are multiples of 1024, as in redis.conf's `mb` and `gb`."""


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return Secret(value)


SecretText = Annotated[
    Secret,
    PlainValidator(_secret),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", KIND: "secret"}),
]
"""A text that never shows, also not in the error about it."""


def _path_from(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a path, not {kind_of(value)}")
    if not value or "\0" in value:
        raise ValueError("must be a path")
    base = info.context.base if isinstance(info.context, Context) else Path()
    return Path(base) / value


def _check_readable(path: Path) -> Path:
    problem = unreadable(path)
    if problem:
        raise ValueError(problem)
    return path


def _command_from(value: object, info: ValidationInfo) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError("must be a list, since no shell runs it: [program, argument]")
    if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of texts: a program and its arguments")
    if not value[0] or any("\0" in one for one in value):
        raise ValueError("must name a program")
    # As a shell has it: a name with a slash is a path, another is looked for in PATH.
    program = str(_path_from(value[0], info)) if "/" in value[0] else value[0]
    return (program, *value[1:])


def check_program(command: Sequence[str]) -> None:
    """Raises `ValueError` where the program of a command is not there, or cannot be run."""
    program = command[0]
    if shutil.which(program) is None:
        where = "cannot be run: it is not there, or not executable" if "/" in program else "is not in PATH"
        raise ValueError(f"the program {program} {where}")


PasswordCommand = Annotated[
    tuple[str, ...],
    PlainValidator(_command_from),
    PlainSerializer(lambda command: [command[0], *["<secret>"] * (len(command) - 1)], return_type=list[str]),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1}),
]
"""A program and its arguments, which may be secret; a relative path starts at the directory of the file."""

RelativePath = Annotated[Path, PlainValidator(_path_from), WithJsonSchema({"type": "string", KIND: "path"})]
"""A path; a relative one starts at the directory of the file that it is written in."""

ReadableFile = Annotated[RelativePath, AfterValidator(_check_readable)]
"""A `RelativePath` to a file that exists and can be read."""


def unreadable(path: Path) -> str:
    """Return why a file cannot be read, as a sentence; empty where it can."""
    try:
        # May fail too, in a directory that is closed to us.
        if path.is_dir():
            return f"{path} is a directory, not a file"
        if is_named_pipe(path):
            # It would be waited for, and is empty the next time that it is read.
            return f"{path} is a pipe, not a file"
        with path.open("rb"):
            return ""
    except OSError as error:
        return _why_unreadable(path, error)


def _why_unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {(error.strerror or str(error)).lower()}"


def text_from_file(path: Path) -> str:
    """The content of a file that holds one secret, without the line break at its end.

    Raises `ValueError` with a sentence that names the file and never its content.
    """
    if is_named_pipe(path):
        raise ValueError(f"{path} is a pipe, not a file")
    try:
        content = read_file(path, _MAX_SECRET_BYTES + 1)
    except IsADirectoryError:
        raise ValueError(f"{path} is a directory, not a file") from None
    except OSError as error:
        raise ValueError(_why_unreadable(path, error)) from None
    if len(content) > _MAX_SECRET_BYTES:
        raise ValueError(f"{path} is larger than {_MAX_SECRET_BYTES >> 10} KiB, too much for a secret")
    try:
        # Editors of Windows put a byte order mark before it.
        text = content.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def required_environment(name: str, lookup: Callable[[str], str | None] = os.environ.get) -> str:
    """The value of an environment variable; raises `ValueError` where it is not set."""
    value = lookup(name)
    if value is None:
        raise ValueError(f"the environment variable {name} is not set")
    return value
