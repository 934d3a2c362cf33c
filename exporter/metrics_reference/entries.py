"""Entries of the reference: one metric, and what is said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from exporter.metrics_reference.commands import command_of
from exporter.model.sample import Family, Kind
from exporter.samplers.info.fields.declaration import Field

# Units by the ends of names, the longest first.
_UNITS: Final = (
    ("_timestamp_seconds", "seconds since the epoch"),
    ("_bytes_per_hour", "bytes per hour"),
    ("_per_hour", "per hour"),
    ("_error_ratio", "ratio"),
    ("_seconds", "seconds"),
    ("_milliseconds", "milliseconds"),
    ("_bytes", "bytes"),
    ("_usec", "microseconds"),
    ("_ms", "milliseconds"),
    ("_ratio", "ratio"),
    ("_percentage", "percent"),
    ("_info", "always 1"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A metric: name, type, label names, unit and meaning, where it comes from, and since which version.

    One that is not exposed is in the store only.
    """

    name: str
    kind: Kind
    labels: Sequence[str]
    unit: str
    meaning: str
    source: str
    since: str
    is_exposed: bool = True


def unit_of(name: str) -> str:
    """Return the unit that a name tells; empty for a plain number."""
    stem = name.removesuffix("_total")
    return next((unit for end, unit in _UNITS if stem.endswith(end)), "")


def entries_of_fields(module: ModuleType) -> Iterable[Entry]:
    """Return the entries of the fields that a module declares (see `exporter.samplers.info.fields`)."""
    for field in (*module.FIELDS, *module.COMPOSITE):
        yield _entry_of_field(field, module.SECTION)


def _entry_of_field(field: Field, section: str) -> Entry:
    source = " ".join(part for part in (field.command, section) if part)
    family = field.family
    return Entry(
        family.name,
        family.kind,
        family.label_names,
        field.unit or unit_of(family.name),
        field.help,
        f"{source}: `{field.name}`",
        ", ".join(_with_server(version) for version in field.since.split(", ")),
    )


def _with_server(version: str) -> str:
    """Put Redis before a version that names no other server."""
    return f"Redis {version}" if version[:1].isdigit() else version


def entries_of_sampler(sampler: str, families: Iterable[Family]) -> Iterable[Entry]:
    """Return the entries of families that a sampler declares without their fields."""
    for family in families:
        command, since = command_of(sampler, family.name)
        yield Entry(
            family.name,
            family.kind,
            family.label_names,
            unit_of(family.name),
            family.help,
            command,
            since,
            family.exposed,
        )
