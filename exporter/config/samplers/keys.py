"""`samplers.keys`, `samplers.streams` and `samplers.scripts`."""

from typing import Annotated, Final, Literal

from pydantic import Field, PlainSerializer, PlainValidator

from exporter.config.fields import ReadableFile
from exporter.config.samplers.base import SamplerSection
from exporter.model.key_choice import KeyChoice

WITHIN_A_PASS: Final = 1 << 40
"""`max_scanned` of a walk that has to end within one pass, whatever it takes."""


def _choice(value: object) -> KeyChoice:
    if isinstance(value, KeyChoice):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text such as db0=user:*")
    return KeyChoice.parse(value)


Choice = Annotated[
    KeyChoice, PlainValidator(_choice, json_schema_input_type=str), PlainSerializer(str, return_type=str)
]
"""A key, or a pattern with wildcards, in a database: `db3=user:*`; without `db3=` in database 0."""


class ScanningSection(SamplerSection):
    """The bounds of a walk through the keyspace."""

    batch_size: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """About how many keys the server looks at in one step (SCAN's COUNT)."""
    max_scanned: Annotated[int, Field(ge=1)] = 100_000
    """About how many keys are looked at in one pass, within 1 % of the server's time; the next pass goes on
    from there."""
    run_on: Literal["any", "replica"] = "any"
    """The servers that are asked, by their role in replication: all, or replicas only."""

    def skips(self, role: str) -> bool:
        """Whether a server in this role, as INFO has it, is not asked."""
        return self.run_on == "replica" and role != "slave"


class KeysSection(ScanningSection):
    """Sizes and values of single keys, and numbers of keys that match a pattern."""

    check: tuple[Choice, ...] = ()
    """Keys whose size, memory and value are shown; patterns are looked for with SCAN."""
    check_single: tuple[Choice, ...] = ()
    """The same for keys that are no patterns, whatever signs they hold."""
    count: tuple[Choice, ...] = ()
    """Patterns whose keys are counted with SCAN."""
    values: Literal["none", "numbers", "all"] = "numbers"
    """Which values of strings are shown: none, those that are numbers, or also others, as a label."""
    max_keys: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """At most this many keys are shown."""

    @property
    def is_wanted(self) -> bool:
        """Whether any keys are configured."""
        return self.enabled and bool(self.check or self.check_single or self.count)


class StreamsSection(ScanningSection):
    """Streams, their groups and consumers."""

    check: tuple[Choice, ...] = ()
    """Streams to show; patterns are looked for with SCAN."""
    check_single: tuple[Choice, ...] = ()
    """The same for names that are no patterns, whatever signs they hold."""
    consumers: bool = True
    """Whether each consumer gets series of its own."""
    max_streams: Annotated[int, Field(ge=1, le=10_000)] = 100
    """At most this many streams are shown."""
    max_groups: Annotated[int, Field(ge=1, le=10_000)] = 100
    """At most this many groups of a stream, and consumers of a group, are shown."""

    @property
    def is_wanted(self) -> bool:
        """Whether any streams are configured."""
        return self.enabled and bool(self.check or self.check_single)


class ScriptsSection(SamplerSection):
    """Lua scripts of yours, whose results become metrics."""

    files: tuple[ReadableFile, ...] = ()
    """Scripts that return a list of names and numbers in turn: `{"a", "1", "b", "2"}`."""
    read_only: bool = True
    """Run them with EVAL_RO, which cannot write (Redis 7.0 on). Without it they run with EVAL, on any server,
    and it is up to them not to write."""
    max_values: Annotated[int, Field(ge=1, le=10_000)] = 100
    """At most this many values of one script are shown."""

    @property
    def is_wanted(self) -> bool:
        """Whether there are scripts."""
        return self.enabled and bool(self.files)
