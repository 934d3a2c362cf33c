"""`samplers.keyspace`."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection
from exporter.config.validation import kind_of
from exporter.model.keyname import compile_pattern

UNLIMITED: Final = "unlimited"


def parse_share(value: object) -> object:
    """`1%` as 0.01, `unlimited` as None; raises `ValueError` with a sentence."""
    if value is None or value == UNLIMITED:
        return None
    number = str(value).removesuffix("%")
    try:
        share = float(number) / 100
    except ValueError:
        share = 0.0
    if not str(value).endswith("%") or not 0 < share <= 1:
        raise ValueError(f"must be a share such as 1%, or {UNLIMITED}, not {kind_of(value)}")
    return share


def _check_pattern(text: str) -> str:
    compile_pattern(text)
    return text


def _show_share(share: float | None) -> str:
    return UNLIMITED if share is None else f"{share * 100:g}%"


Share = Annotated[
    float | None,
    BeforeValidator(parse_share, json_schema_input_type=str),
    PlainSerializer(_show_share, return_type=str),
]
"""A share in per cent of the server's time; None for all of it."""

KeyPattern = Annotated[str, Field(min_length=1), AfterValidator(_check_pattern)]
"""Names of keys: `{id}` for a part between `:`, `/` and `|`, `*` for anything."""


class KeyspaceSection(SamplerSection):
    """Patterns of keys, their memory, and those without a time to live, by a scan in the background."""

    interval: PositiveDuration | None = Duration(600_000)
    """Time from the beginning of one pass to that of the next; a pass that takes longer is not overtaken."""
    budget: Share = 0.01
    """The share of the server's time that the scan may take, such as 1%, or `unlimited`."""
    keys_per_second: Annotated[float | None, Field(gt=0)] = None
    """At most this many keys are seen per second."""
    slow_after: PositiveDuration = Duration(25)
    """A step of the scan that takes longer makes it slow down."""
    sample: Literal["auto", "all"] | Annotated[int, Field(ge=100)] = "auto"
    """How many keys are asked for type, TTL and memory: `all`, about a given number, or (`auto`) all as long
    as the budget lets a pass end within the interval, else as many as the errors ask for."""
    run_on: Literal["primary", "replica", "prefer_replica", "any"] = "primary"
    """The servers that are scanned, by their role in replication. Every primary of a cluster counts.
    `prefer_replica`: the keyspace of each primary, but on a replica of it that is watched too and linked to
    it; on the primary while there is none."""
    databases: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """The databases that are scanned; without it all that hold keys."""
    patterns: tuple[KeyPattern, ...] = ()
    """Patterns of your own, such as `session:{id}`; names that match none are grouped automatically."""
    max_patterns: Annotated[int, Field(ge=1, le=2000)] = 100
    """At most this many patterns become values of the label `pattern`; the rest is summed up as `other`."""
    top_keys: Annotated[int, Field(ge=0, le=100)] = 10
    """How many of the biggest keys of each type are told by name."""
    key_names: Literal["show", "hash", "hide"] = "show"
    """Whether names of single keys are shown, shown as a hash, or kept back altogether; with `hide` patterns
    too show only words that say nothing about anybody."""


def default_section(**settings: Any) -> KeyspaceSection:
    """A section with some values of its own, as the command line makes one."""
    return KeyspaceSection.model_validate(settings)
