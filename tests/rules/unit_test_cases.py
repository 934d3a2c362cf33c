"""Unit-test files with the verdict that promtool gives; all use the rules below."""

RULES = """
groups:
- name: first
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: InstanceDown
    expr: up == 0
    for: 5m
    labels: {severity: page}
    annotations:
      summary: "Instance {{ $labels.instance }} down"
      value: "{{ $value }} on {{ $externalLabels.cluster }}"
- name: second
  rules:
  - alert: AnyDown
    expr: count(ALERTS{alertname="InstanceDown", alertstate="firing"}) > 0
  - alert: Kept
    expr: up{job="kept"} == 0
    keep_firing_for: 3m
  - record: two
    expr: job:up:sum * 2
    labels: {by: second}
"""

_SERIES = """
  input_series:
  - series: up{job="a", instance="i1"}
    values: "1x4 0x20"
  - series: up{job="a", instance="i2"}
    values: "1x30"
  - series: up{job="kept", instance="i3"}
    values: "1 0 1x30"
  - series: counter
    values: "0+10x5 _x3 100-5x4 stale 7"
"""

# Without an order promtool takes the groups in any.
_HEAD = "rule_files: [rules.yml]\nevaluation_interval: 1m\ngroup_eval_order: [first, second]\n"


def _test(body: str, head: str = _HEAD) -> str:
    return f"{head}tests:\n- interval: 1m\n  external_labels: {{cluster: c1}}\n{_SERIES}{body}"


def _query(expr: str, time: str, *samples: str) -> str:
    lines = "".join(f"    - {{{sample}}}\n" for sample in samples)
    return _test(f"  promql_expr_test:\n  - expr: {expr}\n    eval_time: {time}\n    exp_samples:\n{lines}")


def _alert(name: str, time: str, *alerts: str) -> str:
    lines = "".join(f"    - {alert}\n" for alert in alerts)
    return _test(
        f"  alert_rule_test:\n  - eval_time: {time}\n    alertname: {name}\n    exp_alerts:\n{lines}"
    )


_DOWN = (
    "{exp_labels: {severity: page, instance: i1, job: a}, "
    "exp_annotations: {summary: Instance i1 down, value: 0 on c1}}"
)

PASSING = {
    "no tests": _HEAD,
    "a test without anything": _HEAD + "tests:\n- interval: 1m\n",
    "not yet firing": _alert("InstanceDown", "9m"),
    "between two evaluations the earlier counts": _alert("InstanceDown", "9m59s"),
    "firing": _alert("InstanceDown", "10m", _DOWN),
    "an alert that does not exist": _alert("Nothing", "10m"),
    "an alert on alerts": _alert("AnyDown", "10m", "{}"),
    "kept firing": _alert("Kept", "3m", "{exp_labels: {job: kept, instance: i3}}"),
    "no longer kept": _alert("Kept", "5m"),
    "a recorded series": _query(
        "job:up:sum",
        "6m",
        "labels: 'job:up:sum{job=\"a\"}', value: 1",
        "labels: 'job:up:sum{job=\"kept\"}', value: 1",
    ),
    "two groups in order": _query("two{job='a'}", "6m", 'labels: \'two{by="second", job="a"}\', value: 2'),
    "the series ALERTS": _query(
        "ALERTS{alertname='InstanceDown'}",
        "7m",
        'labels: \'ALERTS{alertname="InstanceDown", alertstate="pending", '
        'instance="i1", job="a", severity="page"}\', value: 1',
    ),
    "the series ALERTS_FOR_STATE": _query(
        "ALERTS_FOR_STATE",
        "7m",
        'labels: \'ALERTS_FOR_STATE{alertname="InstanceDown", '
        'instance="i1", job="a", severity="page"}\', value: 300',
    ),
    "a scalar": _query("1 + 1", "0m", "labels: '{}', value: 2"),
    "a scalar with empty labels": _query("time()", "5m", "value: 300"),
    "nothing": _query("nothing", "5m"),
    "numbers as YAML writes them": _query("vector(1000)", "0m", "labels: '{}', value: 1e3"),
    "infinity": _query("vector(Inf)", "0m", "labels: '{}', value: .inf"),
    "a range ahead of what is left out": _query("increase(counter[5m])", "5m", "value: 50"),
    "left out values": _query("counter", "8m", "labels: counter, value: 50"),
    "a decreasing series": _query("counter", "10m", "labels: counter, value: 95"),
    "after a stale marker": _query("counter", "14m"),
    "and back": _query("counter", "15m", "labels: counter, value: 7"),
    "an older default interval": _alert("InstanceDown", "10m", _DOWN).replace(
        "evaluation_interval: 1m\n", ""
    ),
    "a pattern without a match": _HEAD.replace("rules.yml", "'rules.yml', 'none-*.yml'") + "tests: []\n",
    "a pattern": _alert("InstanceDown", "10m", _DOWN).replace("[rules.yml]", "['rule?.yml']"),
    "a name": _alert("InstanceDown", "9m").replace("- interval: 1m", "- name: x\n  interval: 1m"),
    "an external URL": _alert("InstanceDown", "9m").replace(
        "- interval: 1m", "- external_url: http://x/\n  interval: 1m"
    ),
}

FAILING = {
    "fires too early": _alert("InstanceDown", "9m", _DOWN),
    "does not fire": _alert("InstanceDown", "12m"),
    "another label": _alert("InstanceDown", "10m", _DOWN.replace("severity: page", "severity: x")),
    "a missing annotation": _alert("InstanceDown", "10m", _DOWN.replace("value: 0 on c1", "")),
    "another annotation": _alert("InstanceDown", "10m", _DOWN.replace("on c1", "on c2")),
    "one alert too many": _alert("InstanceDown", "10m", _DOWN, "{exp_labels: {a: b}}"),
    "another value": _query("counter", "8m", "labels: counter, value: 51"),
    "another name": _query("counter", "8m", "labels: count, value: 50"),
    "a sample too many": _query("counter", "8m", "labels: counter, value: 50", "labels: b, value: 50"),
    "not a number is never equal": _query("vector(NaN)", "0m", "labels: '{}', value: .nan"),
    "the last bit": _query("vector(0.1 + 0.2)", "0m", "labels: '{}', value: 0.3"),
    "a query that does not parse": _query("up ==", "0m"),
    "labels that do not parse": _query("counter", "8m", "labels: 'counter{', value: 50"),
    "a matcher as labels": _query("counter", "8m", "labels: 'counter{a=~\"b\"}', value: 50"),
    "a range vector": _query("counter[5m]", "8m"),
    "an alert test without a name": _alert("''", "9m"),
    "a group twice in the order": _HEAD.replace("first, second", "a, a") + "tests: []\n",
    "groups in the wrong order": _query(
        "two{job='a'}", "0m", 'labels: \'two{by="second", job="a"}\', value: 4'
    ).replace("first, second", "second, first"),
    "an unknown key": _HEAD + "test: []\n",
    "an unknown key in a test": _test("  alert_rule_tests: []\n"),
    "a key twice": _HEAD + "evaluation_interval: 1m\n",
    "a bad duration": _HEAD.replace("1m", "1"),
    "a bad value of a series": _test("").replace("0+10x5", "0+10y5"),
    "a bad name of a series": _test("").replace("series: counter", "series: 'count er'"),
    "a rule that errors": _query("1", "20m", "value: 1")
    .replace(
        "- series: counter",
        '- series: up{job="a", instance="i1", more="x"}\n    values: "0x30"\n  - series: counter',
    )
    .replace("[rules.yml]", "[clash.yml]"),
    "a rule file that is bad": _HEAD.replace("rules.yml", "bad.yml") + "tests: [{interval: 1m}]\n",
    "not YAML": "tests: [\n",
}

CLASH = """
groups:
- name: clash
  rules:
  - alert: Down
    expr: up == 0
    labels: {more: same}
"""
BAD = "groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]\n"
