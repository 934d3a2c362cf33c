"""The text of `/federate` is that of Prometheus."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.metrics import Format
from exporter.metrics.federation import FederatedSample, FederationText
from exporter.model.labels import EMPTY, Labels


def write(
    *samples: FederatedSample,
    form: Format = Format.TEXT,
    external: Labels = EMPTY,
    takes_utf8: bool = False,
) -> str:
    return "".join(FederationText(form, external, takes_utf8=takes_utf8).texts(samples))


def sample(value: float = 1.0, at_ms: int = 1_700_000_000_123, **labels: str) -> FederatedSample:
    return FederatedSample(Labels({"__name__": "redis_up", **labels}), at_ms, value)


def test_a_family_is_untyped_and_has_one_head() -> None:
    assert write(sample(instance="a:1"), sample(0.0, instance="b:1")) == (
        "# TYPE redis_up untyped\n"
        'redis_up{instance="a:1"} 1 1700000000123\n'
        'redis_up{instance="b:1"} 0 1700000000123\n'
    )


def test_openmetrics_has_seconds_and_an_end() -> None:
    assert write(sample(2.5, instance="a:1"), form=Format.OPENMETRICS) == (
        '# TYPE redis_up unknown\nredis_up{instance="a:1"} 2.5 1700000000.123\n# EOF\n'
    )
    assert write(form=Format.OPENMETRICS) == "# EOF\n"


def test_external_labels_come_where_a_series_lacks_them() -> None:
    external = Labels({"replica": "a", "env": "external"})
    assert write(sample(env="own", instance="a:1"), external=external) == (
        '# TYPE redis_up untyped\nredis_up{env="own",instance="a:1",replica="a"} 1 1700000000123\n'
    )


@pytest.mark.parametrize("external", [EMPTY, Labels({"instance": "vigil"})])
def test_an_instance_is_always_said_so_that_nobody_adds_one(external: Labels) -> None:
    instance = external.get("instance")
    assert f'redis_up{{instance="{instance}"}} 1 ' in write(sample(), external=external)


def test_what_has_no_name_is_left_out() -> None:
    assert write(FederatedSample(Labels({"a": "b"}), 1, 1.0)) == ""


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e300, 5e-324, 0.1, -0.0, 123456789.0])
def test_values_are_read_as_they_were(value: float) -> None:
    (family,) = text_string_to_metric_families(write(sample(value, instance='q"\\\n')))
    (read,) = family.samples
    assert read.value == value
    assert read.labels == {"instance": 'q"\\\n'}


def test_a_nan_that_ends_nothing_is_a_value() -> None:
    assert " NaN " in write(sample(float("nan")))


def test_names_of_any_characters_are_quoted_for_who_reads_them() -> None:
    one = FederatedSample(Labels({"__name__": "my.rate", "a.b": "x", "instance": "i"}), 1, 1.0)
    text = write(one, takes_utf8=True)
    assert text == '# TYPE "my.rate" untyped\n{"my.rate","a.b"="x",instance="i"} 1 1\n'
    assert write(one) == '# TYPE my_rate untyped\nmy_rate{a_b="x",instance="i"} 1 1\n'
