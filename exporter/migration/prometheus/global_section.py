"""`global` of Prometheus: intervals, and labels that are added to alerts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from exporter.config.fields import PositiveDuration
from exporter.config.relabeling import LABEL_NAME
from exporter.migration.notes import Notes, line_of
from exporter.migration.prometheus.reading import LenientSection, PrometheusFile, read_section

_LABELS: Final = "external_labels"
# Go's os.Expand: $NAME, ${NAME}, and $$ for one sign, as Prometheus puts values in here and nowhere else.
_VARIABLE: Final = re.compile(r"\$(?:\{([^}]*)\}|(\w+)|(\$))", re.ASCII)
_REASONS: Final[Mapping[str, str]] = {
    "rule_query_offset": "is not taken: write query_offset in the groups of rules",
    "query_log_file": "is not taken: the daemon keeps no log of queries",
    "scrape_failure_log_file": "is not taken: what fails is in the daemon's log",
    "scrape_protocols": "is not taken: it is about asking exporters",
    "metric_name_validation_scheme": "is not taken: names are those of Prometheus 2 and 3 alike",
}


class GlobalPart(LenientSection):
    """What counts of `global` here."""

    scrape_interval: PositiveDuration | None = None
    scrape_timeout: PositiveDuration | None = None
    evaluation_interval: PositiveDuration | None = None
    external_labels: dict[str, str] = Field(default_factory=dict)


def read_global(file: PrometheusFile) -> GlobalPart:
    """The section; raises `ConfigError` with what is wrong with it."""
    return read_section(file.document, ("global",), GlobalPart, file.part("global") or {})


def external_labels(
    file: PrometheusFile, part: GlobalPart, environment: Mapping[str, str], notes: Notes
) -> Mapping[str, str]:
    """The labels, with variables put in as Prometheus does."""
    return dict(_labels(file, part, environment, notes))


def _labels(
    file: PrometheusFile, part: GlobalPart, environment: Mapping[str, str], notes: Notes
) -> Iterator[tuple[str, str]]:
    for name, text in part.external_labels.items():
        where = line_of(file.document, ("global", _LABELS, name), at_key=True)
        missing = [one for one in _variables(text) if not environment.get(one)]
        if missing:
            notes.differ(
                f"{_LABELS}.{name} is left out: ${missing[0]} is not set here; set it and run this again, or "
                "write the value",
                where,
            )
        elif not LABEL_NAME.fullmatch(name) or name.startswith("__") or name == "instance":
            notes.differ(f'{_LABELS}: "{name}" is left out: it is no name of a label of all alerts', where)
        else:
            if list(_variables(text)):
                notes.differ(f"{_LABELS}.{name} has the value that its variable has here", where)
            yield name, _VARIABLE.sub(lambda match: _value(match, environment), text)


def _variables(text: str) -> Iterator[str]:
    return (match[1] or match[2] for match in _VARIABLE.finditer(text) if not match[3])


def _value(match: "re.Match[str]", environment: Mapping[str, str]) -> str:
    return "$" if match[3] else environment.get(match[1] or match[2], "")


def tell_leftovers(file: PrometheusFile, notes: Notes) -> None:
    """Say which keys of `global` are not taken."""
    data: Any = file.part("global")
    for key in data if isinstance(data, dict) else ():
        if key not in GlobalPart.model_fields:
            reason = _REASONS.get(key, "is not taken: it is about asking exporters")
            notes.differ(f"global.{key} {reason}", line_of(file.document, ("global", key), at_key=True))
