"""Declarations of INFO fields: each in the file of its section, and with a help text that says something."""

import re
from collections import Counter
from pathlib import Path

import pytest

from exporter.samplers.info.fields import ft_info, memory_stats
from exporter.samplers.info.fields.catalogue import MODULES, OTHER_COMMANDS, SECTIONS
from exporter.samplers.info.fields.declaration import Field

RECORDED = Path(__file__).parent / "recorded"
DECLARED: list[Field] = [
    field
    for module in (*SECTIONS, *OTHER_COMMANDS, *MODULES, memory_stats, ft_info)
    for field in (*module.FIELDS, *module.COMPOSITE)
]
VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
SERVERS = re.compile(r"(Valkey|KeyDB|RediSearch|valkey-\w+) \d+(\.\d+)+|Azure|KeyDB|Tile38")


def sections_of_fields() -> dict[str, str]:
    """The section in which recorded servers tell each field."""
    found, section = {}, ""
    for path in sorted({*RECORDED.glob("redis-*.info"), *RECORDED.glob("valkey-*.info")}):
        for line in path.read_text().splitlines():
            if line.startswith("#"):
                section = line.removeprefix("# ")
            else:
                found[line.partition(":")[0]] = section
    return found


def test_each_field_is_declared_in_the_file_of_the_section_that_servers_tell_it_in() -> None:
    told = sections_of_fields()
    wrong = {
        field.name: (module.SECTION, told[field.name])
        for module in SECTIONS
        for field in module.FIELDS
        if field.name in told and told[field.name] != module.SECTION
    }
    assert wrong == {}
    assert len(told) > 250


def test_no_metric_is_declared_twice() -> None:
    twice = [name for name, count in Counter(field.metric for field in DECLARED).items() if count > 1]
    assert twice == []


def test_every_declaration_has_a_help_text_of_its_own_and_a_version() -> None:
    wrong = [field for field in DECLARED if not _is_complete(field)]
    assert wrong == []
    assert len(DECLARED) > 400


def _is_complete(field: Field) -> bool:
    """A sentence that does not begin with the field's name, and versions as servers number theirs."""
    is_sentence = re.fullmatch(r"[A-Z].{9,120}\.", field.help) and field.name not in field.help.split(" ")[0]
    versions = field.since.split(", ")
    are_versions = all(VERSION.fullmatch(one) or SERVERS.fullmatch(one) for one in versions)
    return field.metric.startswith("redis_") and bool(is_sentence) and are_versions


def test_units_are_those_that_names_of_metrics_end_with() -> None:
    ends = {"_bytes": "bytes", "_seconds": "seconds", "_seconds_total": "seconds", "_usec": "microseconds"}
    wrong = {
        field.metric: field.unit
        for field in DECLARED
        for end, unit in ends.items()
        if field.metric.endswith(end) and not field.unit.startswith(unit)
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("recorded", "server", "version"),
    [
        ("redis-6.2", "Redis", (6, 2, 99)),
        ("redis-7.0", "Redis", (7, 0, 99)),
        # It began as Redis 7.2.
        ("valkey-9.1", "Valkey", (9, 1, 99)),
    ],
)
def test_what_a_server_tells_is_declared_since_its_version_at_the_latest(
    recorded: str, server: str, version: tuple[int, ...]
) -> None:
    lines = [line for path in RECORDED.glob(f"{recorded}*.info") for line in path.read_text().splitlines()]
    told = {line.partition(":")[0] for line in lines}
    late = {
        field.name: field.since
        for module in SECTIONS
        for field in module.FIELDS
        if field.name in told
        and not any(_is_told_by(one, server, version) for one in field.since.split(", "))
    }
    assert late == {}


def _is_told_by(since: str, server: str, version: tuple[int, ...]) -> bool:
    name, _, number = since.rpartition(" ")
    parts = tuple(map(int, number.split("."))) if VERSION.fullmatch(number) else (99,)
    if not name and server == "Valkey":
        return parts <= (7, 2)
    return name in ("", server) and parts <= version
