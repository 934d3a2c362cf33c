"""The schema of a unit-test file.

Source: `unitTestFile` of cmd/promtool/unittest.go, Prometheus 3.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from exporter.config.fields import Duration, Section
from exporter.rules.schema import TextMapping, whole_number

_WORDS: Final = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


def _number(value: Any) -> Any:
    """A number as YAML writes it: also `.inf`, `.nan`, `0x10`, `1_000`."""
    if not isinstance(value, str):
        return value
    text = value.lower()
    if text in _WORDS:
        return float(_WORDS[text])
    try:
        if any(letter.isalpha() and letter != "e" for letter in text):
            return float(whole_number(value))
        return float(text.replace("_", ""))
    except ValueError:
        raise ValueError(f'must be a number, not "{value}"') from None


def _start(value: Any) -> Any:
    """A moment in milliseconds since the epoch: RFC 3339, or a number of seconds."""
    if not isinstance(value, str):
        return value
    try:
        return round(float(value) * 1000)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f'"{value}" is not a moment: write 2024-01-31T12:00:00Z or seconds') from None
    if moment.tzinfo is None:
        raise ValueError(f'"{value}" has no time zone')
    return round(moment.timestamp() * 1000)


def _without_nothing(value: Any) -> Any:
    """A list that is not written, or items of it that are empty, as Go decodes them."""
    return [item for item in value if item is not None] if isinstance(value, list) else value


class SeriesSection(Section):
    """One series that a test is fed with."""

    series: str = ""
    values: str = ""


class ExpectedAlert(Section):
    """One alert that has to fire."""

    exp_labels: TextMapping = Field(default_factory=dict)
    exp_annotations: TextMapping = Field(default_factory=dict)


class AlertTest(Section):
    """All alerts of one name that have to fire at one moment."""

    eval_time: Duration = Duration(0)
    alertname: str = ""
    exp_alerts: Annotated[list[ExpectedAlert], BeforeValidator(_without_nothing)] = Field(
        default_factory=list
    )


class ExpectedSample(Section):
    """One sample that a query has to yield."""

    labels: str = ""
    value: Annotated[float, BeforeValidator(_number)] = 0.0
    histogram: str = ""


class QueryTest(Section):
    """All samples that a query has to yield at one moment."""

    expr: str = ""
    eval_time: Duration = Duration(0)
    exp_samples: Annotated[list[ExpectedSample], BeforeValidator(_without_nothing)] = Field(
        default_factory=list
    )


class TestGroup(Section):
    """Series, and what the rules make of them."""

    # pytest must not collect it, in spite of its name.
    __test__ = False

    interval: Duration = Duration(0)
    input_series: Annotated[list[SeriesSection], BeforeValidator(_without_nothing)] = Field(
        default_factory=list
    )
    alert_rule_test: Annotated[list[AlertTest], BeforeValidator(_without_nothing)] = Field(
        default_factory=list
    )
    promql_expr_test: Annotated[list[QueryTest], BeforeValidator(_without_nothing)] = Field(
        default_factory=list
    )
    external_labels: TextMapping = Field(default_factory=dict)
    external_url: str = ""
    name: str = ""
    start_timestamp: Annotated[int, BeforeValidator(_start)] = 0


class TestFile(Section):
    """A unit-test file."""

    __test__ = False

    rule_files: list[str] = Field(default_factory=list)
    evaluation_interval: Duration = Duration(0)
    group_eval_order: list[str] = Field(default_factory=list)
    tests: Annotated[list[TestGroup], BeforeValidator(_without_nothing)] = Field(default_factory=list)
    fuzzy_compare: bool = False
