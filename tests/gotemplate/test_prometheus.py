"""Templates of rules: ours, and promtool's as their judge."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from exporter.errors import QueryError, TemplateError
from exporter.gotemplate.prometheus import (
    alert_data,
    expand_rule_template,
    parse_rule_template,
    rule_functions,
    split_host_port,
    strip_domain,
    strip_port,
)
from exporter.model.labels import Labels

_CASES = Path(__file__).parent / "cases" / "rules.json"
_LABELS = Labels({"instance": "cache-1.example.com:6379", "job": "redis", "x": "<a>&\"b' é"})
_SERIES = {
    'up{instance="b:1",job="redis"}': 1.0,
    'up{instance="a:1",job="redis"}': 0.0,
    'used{instance="a:1",__value__="v"}': 1234567.0,
}


def _query(expression: str) -> Iterable[tuple[Labels, float]]:
    if expression == "up":
        yield Labels({"__name__": "up", "instance": "b:1", "job": "redis"}), 1.0
        yield Labels({"__name__": "up", "instance": "a:1", "job": "redis"}), 0.0
    elif expression == "used":
        yield Labels({"__name__": "used", "instance": "a:1", "__value__": "v"}), 1234567.0
    elif expression != "nothing":
        raise QueryError(f"no query {expression}")


def expand(text: str, value: float = 1234567.0) -> str:
    functions = rule_functions(_query, at_seconds=60.0, external_url="http://p.example:9090/path")
    # Templates see the labels of the sample, its name among them.
    data = alert_data(
        _LABELS.with_({"__name__": "m"}),
        value,
        external_labels=Labels({"cluster": "prod"}),
        external_url="http://p.example:9090/path",
    )
    return expand_rule_template(parse_rule_template(text, name="rule"), data, functions)


def _cases() -> dict[str, str]:
    """Templates and what Prometheus makes of them, recorded from Debian's promtool 2.42."""
    cases: dict[str, str] = json.loads(_CASES.read_text())
    return cases


@pytest.mark.parametrize(("text", "outcome"), _cases().items())
def test_outcome_is_that_of_prometheus(text: str, outcome: str) -> None:
    assert expand(text) == outcome


@pytest.mark.peers("promtool")
def test_table_is_that_of_prometheus(tmp_path: Path) -> None:
    templates, outcomes = list(_cases()), list(_cases().values())
    labels = json.dumps(_LABELS.as_dict()["x"], ensure_ascii=False)
    series = f'm{{instance="cache-1.example.com:6379",job="redis",x={labels}}}'
    rules = {
        "groups": [
            {
                "name": "g",
                "rules": [
                    {
                        "alert": "A",
                        "expr": "m",
                        "annotations": {f"a{number:03}": text for number, text in enumerate(templates)},
                    }
                ],
            }
        ]
    }
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    alert = {
        "exp_labels": _LABELS.as_dict(),
        "exp_annotations": {f"a{number:03}": text for number, text in enumerate(outcomes)},
    }
    inputs = [{"series": name, "values": f"{value:.0f} {value:.0f}"} for name, value in _SERIES.items()]
    test = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "external_labels": {"cluster": "prod"},
                "external_url": "http://p.example:9090/path",
                "input_series": [{"series": series, "values": "1234567 1234567"}, *inputs],
                "alert_rule_test": [{"eval_time": "1m", "alertname": "A", "exp_alerts": [alert]}],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("{{ now }}", "60"),
        ("{{ now | toTime }}", "1970-01-01 00:01:00 +0000 UTC"),
        ("{{ (toTime 0).Format `2006` }}", "1970"),
        (
            "{{ toDuration 90 }} {{ toDuration `1.5` }} {{ humanizeDuration (toDuration 3600) }}",
            "1m30s 1.5s 1h 0m 0s",
        ),
        ("{{ (toDuration 90).Minutes }}", "1.5"),
        ("{{ urlQueryEscape `a b&c=é` }}", "a+b%26c%3D%C3%A9"),
        ("{{ range 2 }}{{ . }}{{ end }}", "01"),
        ("{{ pathPrefix }} {{ externalURL }}", "/path http://p.example:9090/path"),
    ],
)
def test_what_is_newer_than_the_judge(text: str, outcome: str) -> None:
    assert expand(text) == outcome


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{{ query `nothing` | first }}",
            r"error calling first: first\(\) called on vector with no elements",
        ),
        ("{{ query `bad` }}", "rule:1:4: error calling query: no query bad"),
        ("{{ $labels | humanize }}", r"can't convert map\[string\]string to float"),
        ("{{ humanize `x` }}", 'parsing "x": invalid syntax'),
        ("{{ first `x` }}", "expected template.queryResult; got string"),
        ("{{ label `a` `b` }}", r"expected \*template.sample; got string"),
        ("{{ .Nope }}", "can't evaluate field Nope in type struct"),
        ("{{ parseDuration `5` }}", '"5" is not a duration'),
        ("{{ toTime `NaN` }}", "value is NaN or Inf"),
    ],
)
def test_a_template_that_fails_says_why(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        expand(text)


def test_variables_belong_to_the_rule_not_to_what_it_defines() -> None:
    with pytest.raises(TemplateError, match='undefined variable "\\$labels"'):
        parse_rule_template('{{ define "x" }}{{ $labels }}{{ end }}', name="rule")


def test_position_is_that_in_the_users_text() -> None:
    with pytest.raises(TemplateError) as caught:
        parse_rule_template("{{ nope }}", name="rule")
    assert str(caught.value) == 'rule:1:4: function "nope" not defined'


@pytest.mark.parametrize(
    ("text", "host", "name"),
    [
        ("web.example.com:80", "web.example.com", "web:80"),
        ("web.example.com", "web.example.com", "web"),
        ("web", "web", "web"),
        ("10.1.2.3:80", "10.1.2.3", "10.1.2.3:80"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
        ("[::1]:80", "::1", "[::1]:80"),
        ("::1", "::1", "::1"),
        ("[::1]", "[::1]", "[::1]"),
        ("a:b:c", "a:b:c", "a:b:c"),
        (":80", "", ":80"),
        ("", "", ""),
    ],
)
def test_hosts_are_taken_out_of_addresses(text: str, host: str, name: str) -> None:
    assert strip_port(text) == host
    assert strip_domain(text) == name


def test_split_host_port_refuses_what_go_refuses() -> None:
    for text in ("", "a", "[a", "[a]", "[a]b:1", "a]:1", "[a[b]:1", "a:1]", "a:b:c"):
        assert split_host_port(text) is None
