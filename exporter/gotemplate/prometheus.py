"""Rule templates have these data, variables and functions, in annotations and labels.

Source: template/template.go of Prometheus 3.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urlsplit

from exporter.gotemplate.builtins import escape_query
from exporter.gotemplate.durations import duration_of
from exporter.gotemplate.humanize import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
    to_float,
    to_time,
)
from exporter.gotemplate.template import Template, parse
from exporter.gotemplate.texts import lower, match, replace_all, title, upper
from exporter.gotemplate.values import (
    ANY,
    STRING,
    Function,
    FunctionError,
    Html,
    Parameter,
    StringMap,
    Structure,
    TypedList,
)
from exporter.model.duration import parse_duration
from exporter.model.labels import Labels

VARIABLES: Final = ("$labels", "$externalLabels", "$externalURL", "$value")


@dataclass(frozen=True, slots=True)
class Sample(Structure):
    """One element of a query's result."""

    labels: StringMap
    value: float

    go_type: ClassVar[str] = "*template.sample"
    go_fields: ClassVar[Mapping[str, str]] = {"Labels": "labels", "Value": "value"}


class QueryResult(TypedList):
    """The result of `query`: a list of samples."""

    go_type: ClassVar[str] = "template.queryResult"


@dataclass(frozen=True, slots=True)
class AlertTemplateData(Structure):
    """The data of a rule's template: its dot."""

    labels: StringMap
    external_labels: StringMap
    external_url: str
    value: float

    go_type: ClassVar[str] = "struct"
    go_fields: ClassVar[Mapping[str, str]] = {
        "Labels": "labels",
        "ExternalLabels": "external_labels",
        "ExternalURL": "external_url",
        "Value": "value",
    }

    def variables(self) -> dict[str, object]:
        """The same as the variables that every rule template begins with."""
        values = (self.labels, self.external_labels, self.external_url, self.value)
        return dict(zip(VARIABLES, values, strict=True))


SAMPLE: Final = Parameter("*template.sample", lambda value: isinstance(value, Sample))
QUERY_RESULT: Final = Parameter(
    "template.queryResult", lambda value: isinstance(value, QueryResult), takes_nil=True, nil=QueryResult
)

QueryFunction = Callable[[str], Iterable[tuple[Labels, float]]]
"""Answers a PromQL query at the time of the rule's evaluation."""


def parse_rule_template(text: str, *, name: str) -> Template:
    """The template of an annotation or a label; `name` is shown in errors.

    Raises `TemplateError`.
    """
    return parse(text, name=name, functions=FUNCTION_NAMES, variables=VARIABLES)


def expand_rule_template(
    template: Template, data: AlertTemplateData, functions: Mapping[str, Function]
) -> str:
    """The text of an annotation or a label.

    `functions` is what `rule_functions` returned; it can serve all templates of one evaluation. Raises
    `TemplateError`.
    """
    return template.expand(data, functions, variables=data.variables())


def alert_data(
    labels: Labels, value: float, *, external_labels: Labels, external_url: str
) -> AlertTemplateData:
    """The data of one alert."""
    return AlertTemplateData(StringMap(labels.pairs), StringMap(external_labels.pairs), external_url, value)


def rule_functions(query: QueryFunction, *, at_seconds: float, external_url: str) -> dict[str, Function]:
    """Return the functions of rule templates, at one time of evaluation."""

    def run(expression: str) -> QueryResult:
        return QueryResult(Sample(StringMap(labels.pairs), value) for labels, value in query(expression))

    return {
        **_FUNCTIONS,
        "query": Function(run, (STRING,)),
        "now": Function(lambda: at_seconds),
        "externalURL": Function(lambda: external_url),
        "pathPrefix": Function(lambda: urlsplit(external_url).path),
    }


def _first(result: QueryResult) -> object:
    if not result:
        raise FunctionError("first() called on vector with no elements")
    return result[0]


def _sort_by_label(label: str, result: QueryResult) -> QueryResult:
    return QueryResult(sorted(result, key=lambda sample: sample.labels.get(label, "")))


def split_host_port(text: str) -> tuple[str, str] | None:
    """The host and the port of `host:port` or `[host]:port`; None for anything else.

    Source: net.SplitHostPort of Go.
    """
    host, colon, port = text.rpartition(":")
    if not colon or "[" in port or "]" in port:
        return None
    if host.startswith("["):
        return (host[1:-1], port) if host.endswith("]") and not set(host[1:-1]) & set("[]") else None
    return None if set(host) & set(":[]") else (host, port)


def strip_port(text: str) -> str:
    """The host of `host:port`; any other text stays."""
    parts = split_host_port(text)
    return text if parts is None else parts[0]


def strip_domain(text: str) -> str:
    """The first part of a host name, with the port if there is one; an address stays."""
    host, port = split_host_port(text) or (text, "")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.split(".")[0]
        return f"{name}:{port}" if port else name
    return text


def graph_link(expression: str) -> str:
    """The path of Prometheus' graph of an expression."""
    return f"/graph?g0.expr={escape_query(expression)}&g0.tab=0"


def table_link(expression: str) -> str:
    """The path of Prometheus' table of an expression."""
    return f"/graph?g0.expr={escape_query(expression)}&g0.tab=1"


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "first": Function(_first, (QUERY_RESULT,)),
    "label": Function(lambda label, sample: sample.labels.get(label, ""), (STRING, SAMPLE)),
    "value": Function(lambda sample: sample.value, (SAMPLE,)),
    "strvalue": Function(lambda sample: sample.labels.get("__value__", ""), (SAMPLE,)),
    "sortByLabel": Function(_sort_by_label, (STRING, QUERY_RESULT)),
    "args": Function(
        lambda *values: {f"arg{number}": value for number, value in enumerate(values)}, (ANY,), variadic=True
    ),
    "reReplaceAll": Function(replace_all, (STRING, STRING, STRING)),
    "safeHtml": Function(Html, (STRING,)),
    "match": Function(match, (STRING, STRING)),
    "title": Function(lambda text: title(text, lower_rest=False), (STRING,)),
    "toUpper": Function(upper, (STRING,)),
    "toLower": Function(lower, (STRING,)),
    "graphLink": Function(graph_link, (STRING,)),
    "tableLink": Function(table_link, (STRING,)),
    "stripPort": Function(strip_port, (STRING,)),
    "stripDomain": Function(strip_domain, (STRING,)),
    "humanize": Function(humanize, (ANY,)),
    "humanize1024": Function(humanize1024, (ANY,)),
    "humanizeDuration": Function(humanize_duration, (ANY,)),
    "humanizePercentage": Function(humanize_percentage, (ANY,)),
    "humanizeTimestamp": Function(humanize_timestamp, (ANY,)),
    "toTime": Function(to_time, (ANY,)),
    "toDuration": Function(lambda value: duration_of(to_float(value)), (ANY,)),
    "parseDuration": Function(lambda text: parse_duration(text) / 1000, (STRING,)),
    "urlQueryEscape": Function(escape_query, (STRING,)),
}

FUNCTION_NAMES: Final = frozenset({*_FUNCTIONS, "query", "now", "externalURL", "pathPrefix"})
