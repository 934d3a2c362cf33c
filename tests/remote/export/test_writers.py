"""The formats of an export."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.model.labels import Labels
from exporter.model.sample import STALE
from exporter.remote.export.model import Samples
from exporter.remote.export.run import export

NOW = 1_700_000_000_007
INFINITY = float("inf")


class Canned:
    """Series as they are given; `types` are those of metrics."""

    def __init__(self, series: Mapping[Labels, Sequence[Samples]], types: Mapping[str, str]) -> None:
        self._series = series
        self._types = dict(types)

    def names(self) -> Sequence[str]:
        return sorted({labels.name for labels in self._series})

    def kinds(self) -> dict[str, str]:
        return self._types

    def series(self, name: str) -> Iterator[tuple[Labels, Iterator[Samples]]]:
        for labels, pieces in self._series.items():
            if labels.name == name:
                yield labels, iter(pieces)


def write(form: str, *series: tuple[Labels, Sequence[float]], types: Mapping[str, str] | None = None) -> str:
    """All of it; samples are a second apart, and come one by one."""
    pieces = {
        labels: [Samples([NOW + 1000 * number], [value]) for number, value in enumerate(values)]
        for labels, values in series
    }
    texts: list[str] = []
    export(Canned(pieces, types or {}), form, texts.append)
    return "".join(texts)


def named(name: str, **labels: str) -> Labels:
    return Labels({"__name__": name, **labels})


def test_openmetrics_is_one_line_a_sample() -> None:
    series = [(named("redis_up", instance="a:1"), [1.0, 0.0]), (named("redis_up", instance="b:1"), [1.0])]
    assert write("openmetrics", *series, types={"redis_up": "gauge"}) == (
        "# TYPE redis_up gauge\n"
        'redis_up{instance="a:1"} 1 1700000000.007\n'
        'redis_up{instance="a:1"} 0 1700000001.007\n'
        'redis_up{instance="b:1"} 1 1700000000.007\n'
        "# EOF\n"
    )


def test_no_samples_are_a_document_without_any() -> None:
    assert write("openmetrics") == "# EOF\n"
    assert write("json") == ""
    assert write("csv") == "name,labels,time,value\n"


def test_a_counter_keeps_its_name() -> None:
    types = {"redis_calls_total": "counter", "redis_calls": "counter"}
    assert write("openmetrics", (named("redis_calls_total"), [1.0]), types=types).startswith(
        "# TYPE redis_calls counter\nredis_calls_total 1 "
    )
    # Without the ending it is no counter there.
    assert write("openmetrics", (named("redis_calls"), [1.0]), types=types).startswith(
        "# TYPE redis_calls unknown\nredis_calls 1 "
    )


@pytest.mark.parametrize("other", ["redis_calls", "redis_calls_created"])
def test_no_two_families_have_one_name(other: str) -> None:
    text = write(
        "openmetrics",
        (named("redis_calls_total"), [1.0]),
        (named(other), [2.0]),
        types={"redis_calls_total": "counter", other: "gauge"},
    )
    assert "# TYPE redis_calls_total unknown\n" in text
    assert f"# TYPE {other} gauge\n" in text


def test_a_strict_parser_reads_it() -> None:
    names = ["redis_up", "redis_calls_total", "redis_seconds_bucket", "redis_info", "instance:calls:rate5m"]
    values = [1.5, -0.0, 1e300, INFINITY, -INFINITY]
    counted = [1.0, 2.0, 2.0, 1e300, INFINITY]
    series = [
        (named(name, instance='q"\\\n'), counted if name.endswith("_total") else values) for name in names
    ]
    text = write("openmetrics", *series, types={"redis_up": "gauge", "redis_calls_total": "counter"})
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {sample.name for sample in found} == set(names)
    assert [sample.value for sample in found if sample.name == "redis_up"] == values
    assert {sample.labels["instance"] for sample in found} == {'q"\\\n'}
    assert float(str(found[1].timestamp)) == pytest.approx(NOW / 1000 + 1)


def test_names_that_openmetrics_did_not_know_are_quoted() -> None:
    text = write("openmetrics", (named("my.rate", **{"a.b": "x"}), [1.0]), (named("other.rate"), [1.0]))
    assert text.splitlines()[:4:2] == ['# TYPE "my.rate" unknown', '# TYPE "other.rate" unknown']
    assert text.splitlines()[1] == '{"my.rate","a.b"="x"} 1 1700000000.007'
    assert text.splitlines()[3] == '{"other.rate"} 1 1700000000.007'


@pytest.mark.parametrize("form", ["openmetrics", "json", "csv"])
def test_markers_are_left_out_and_other_nans_are_not(form: str) -> None:
    text = write(form, (named("redis_up"), [1.0, STALE, float("nan"), STALE]))
    values = [line for line in text.splitlines() if "redis_up" in line and not line.startswith("#")]
    assert len(values) == 2


def test_lines_of_json_are_those_that_victoriametrics_imports() -> None:
    text = write("json", (named("redis_up", instance="a:1"), [1.0]), (named("x"), [float("nan")]))
    first, second = map(json.loads, text.splitlines())
    assert first == {
        "metric": {"__name__": "redis_up", "instance": "a:1"},
        "values": [1.0],
        "timestamps": [NOW],
    }
    assert second["values"] == [None]
    assert json.loads(write("json", (named("x"), [-INFINITY])))["values"] == ["-Infinity"]


def test_csv_has_the_labels_as_promql_writes_them() -> None:
    assert write("csv", (named("redis_up", instance="a:1"), [0.5])) == (
        'name,labels,time,value\nredis_up,"{instance=""a:1""}",2023-11-14T22:13:20.007Z,0.5\n'
    )
