"""`check rules`: metrics and labels that nobody produces, and duplicates."""

import pytest

from exporter.model.sample import Family, Kind
from exporter.promql import parse
from exporter.rules.check import CheckReport, catalogue_of, check_rule_files
from exporter.rules.label_flow import labels_of
from exporter.rules.label_values import LabelValues
from tests.rules.world import read

CATALOGUE = catalogue_of(
    [
        Family("redis_up", Kind.GAUGE, ""),
        Family("redis_commands_total", Kind.COUNTER, "", ("cmd",)),
        Family("redis_latency_seconds", Kind.HISTOGRAM, "", ("cmd",)),
        Family("redis_summary", Kind.SUMMARY, ""),
    ]
)


VALUES = LabelValues(
    {name: {"cmd": {"get", "set"}} if "cmd" in labels else {} for name, labels in CATALOGUE.items()},
    {"job": {"redis"}},
    {"A"},
)


def check(rules: str, *target_labels: str, values: LabelValues | None = None) -> CheckReport:
    indented = "".join(f"  {line}\n" for line in rules.strip().splitlines())
    return check_rule_files(
        [read(f"groups:\n- name: g\n  rules:\n{indented}")],
        CATALOGUE,
        target_labels=target_labels,
        values=values or LabelValues(),
    )


def test_families_are_known_by_their_series() -> None:
    assert dict(CATALOGUE) == {
        "redis_up": set(),
        "redis_commands_total": {"cmd"},
        "redis_latency_seconds_bucket": {"cmd", "le"},
        "redis_latency_seconds_sum": {"cmd"},
        "redis_latency_seconds_count": {"cmd"},
        "redis_summary": {"quantile"},
        "redis_summary_sum": set(),
        "redis_summary_count": set(),
    }


def test_a_metric_that_nobody_produces_is_told_with_its_place() -> None:
    report = check("- {alert: A, expr: 'redis_up == 0 or rate(redis_comands_total[5m]) > 1'}")
    assert [str(problem) for problem in report.unknown_metrics] == [
        'rules.yml:4:22: A: nothing produces the metric "redis_comands_total"'
    ]
    assert report.rules == 1


@pytest.mark.parametrize(
    "expr",
    [
        "ALERTS{alertname='X', anything='y'} == 1",
        "ALERTS_FOR_STATE",
        "recorded > 1",
        "{__name__=~'redis_.*'}",
        "vector(1)",
        "redis_latency_seconds_bucket{le='1.0'}",
        "absent(redis_up{instance='a'})",
    ],
)
def test_a_metric_that_something_produces_is_known(expr: str) -> None:
    report = check(f'- {{record: recorded, expr: redis_up}}\n- {{alert: A, expr: "{expr}"}}')
    assert report == CheckReport(rules=2)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("redis_up{cmd='x'}", 'the metric "redis_up" has no label "cmd"'),
        ("redis_up{cmd=~'x.+'}", 'the metric "redis_up" has no label "cmd"'),
        ("sum by (cmd) (redis_up)", '"sum by": what is aggregated has no label "cmd"'),
        ("redis_commands_total * on (cmd) redis_up", '"* on": one side has no label "cmd"'),
        ("sum by (env) (redis_commands_total)", '"sum by": what is aggregated has no label "env"'),
        (
            "redis_latency_seconds_bucket{le='1'}",
            'no series has le="1": that bound is kept as "1.0", as in Prometheus 3',
        ),
        (
            "redis_summary{quantile='50'}",
            'no series has quantile="50": that bound is kept as "50.0", as in Prometheus 3',
        ),
        (
            "sum by (le) (sum by (cmd) (redis_latency_seconds_bucket))",
            '"sum by": what is aggregated has no label "le"',
        ),
    ],
)
def test_labels_that_are_not_there(expr: str, message: str) -> None:
    report = check(f'- {{alert: A, expr: "{expr}"}}')
    assert [problem.message for problem in report.unknown_labels] == [message]


@pytest.mark.parametrize(
    "expr",
    [
        "redis_up{cmd=''}",
        "redis_up{cmd!='x'}",
        "redis_latency_seconds_bucket{le='1.0'} or redis_latency_seconds_bucket{le='+Inf'}",
        "redis_latency_seconds_bucket{le=~'1|1[.]0'}",
        "unheard_of{le='1'}",
        "redis_up{instance='a', job='b'}",
        "sum without (cmd) (redis_up)",
        "sum by (instance) (rate(redis_commands_total[5m]))",
        "sum by (env) (unheard_of)",
        "label_replace(redis_up, 'x', '', 'job', '') * on (x) label_join(redis_up, 'x', '', 'job')",
    ],
)
def test_labels_that_may_be_there(expr: str) -> None:
    assert check(f'- {{alert: A, expr: "{expr}"}}').unknown_labels == ()


def test_labels_of_targets_can_be_told() -> None:
    rule = "- {alert: A, expr: 'sum by (env) (redis_up)'}"
    assert check(rule).unknown_labels != ()
    assert check(rule, "env").unknown_labels == ()


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("redis_commands_total{cmd='gte'}", 'did you mean "get"?'),
        ("redis_commands_total{cmd=~'x.*'}", "cmd is get, set"),
        ("rate(redis_latency_seconds_bucket{cmd='nix'}[5m])", "cmd is get, set"),
        ("absent(redis_up{job='cache'})", "job is redis"),
        ("redis_up or redis_up{job='cache'}", "job is redis"),
        ("ALERTS{alertname='B'}", "alertname is A"),
        ("ALERTS{alertstate='resolved'}", "alertstate is firing, pending"),
    ],
)
def test_values_that_a_label_never_has(expr: str, said: str) -> None:
    (problem,) = check(f'- {{alert: A, expr: "{expr}"}}', values=VALUES).impossible_values
    assert problem.message.startswith("no series of ")
    assert problem.message.endswith(f": {said}")
    assert (problem.line, problem.column) == (4, 22)


@pytest.mark.parametrize(
    "expr",
    [
        "redis_commands_total{cmd='get', job='redis'}",
        "redis_commands_total{cmd=~'get|nix'}",
        "redis_commands_total{cmd!='nix', job=~'.*'}",
        "redis_commands_total{cmd=''}",
        "redis_up{env='any'}",
        "node_cpu{job='node'}",
        "recorded{job='nix'}",
        "ALERTS{alertname=~'A|B', alertstate='firing', job='nix'}",
        "redis_up or label_replace(redis_commands_total{cmd=~'x.*'}, 'a', '$1', 'cmd', '(.*)')",
    ],
)
def test_values_that_there_may_be(expr: str) -> None:
    rules = f'- {{record: recorded, expr: redis_up}}\n- {{alert: A, expr: "{expr}"}}'
    assert check(rules, values=VALUES).impossible_values == ()


def test_the_own_metrics_of_the_daemon_have_no_job_here() -> None:
    rules = """
- {alert: A, expr: 'process_open_fds{job="redis"} > 1'}
- {alert: B, expr: 'process_open_fds{job=~".*", instance!="x"} > 1 or other{job="x"}'}
"""
    file = read(
        "groups:\n- name: g\n  rules:\n" + "".join(f"  {line}\n" for line in rules.strip().splitlines())
    )
    (problem,) = check_rule_files([file], CATALOGUE, own_prefixes=("process_",)).impossible_values
    assert problem.place == ("A",)
    assert 'no series of "process_open_fds" has job="redis": the daemon' in problem.message


def test_labels_in_templates() -> None:
    report = check(
        "- alert: A\n  expr: sum by (instance) (redis_commands_total)\n"
        "  annotations: {a: '{{ $labels.instance }} {{ $labels.cmd }}', b: '{{ .Labels.instnce }}'}"
    )
    assert [problem.message for problem in report.unknown_labels] == [
        'the template of "a" uses the label "cmd", which the result does not have',
        'the template of "b" uses the label "instnce", which the result does not have',
    ]


def test_rules_of_the_same_name_and_labels_are_found() -> None:
    report = check(
        "- {alert: A, expr: redis_up}\n- {alert: A, expr: redis_up > 1}\n"
        "- {alert: A, expr: redis_up, labels: {a: b}}\n- {record: A, expr: redis_up}"
    )
    assert [(problem.line, problem.place) for problem in report.duplicates] == [(5, ("A",)), (7, ("A",))]


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("a", {"x", "y"}),
        ("nobody_knows", None),
        ("a + 1", {"x", "y"}),
        ("1 < a", {"x", "y"}),
        ("time() - (a + a)", {"x", "y"}),
        ("1", set()),
        ("time()", set()),
        ("vector(1)", set()),
        ("sum(a)", set()),
        ("sum by (x, q) (a)", {"x"}),
        ("sum by (x, q) (nobody_knows)", {"x", "q"}),
        ("sum without (x) (a)", {"y"}),
        ("topk(1, a)", {"x", "y"}),
        ("count_values('v', a)", {"v"}),
        ("a / on (x) b", {"x"}),
        ("a / ignoring (x) b", {"y"}),
        ("a * on (x) group_left (z) b", {"x", "y", "z"}),
        ("b * on (x) group_right () a", {"x", "y"}),
        ("a and b", {"x", "y"}),
        ("a unless nobody_knows", {"x", "y"}),
        ("a or b", {"x", "y", "z"}),
        ("a or nobody_knows", None),
        ("absent(a{q='1', r=~'2'})", {"q"}),
        ("absent_over_time(a[5m])", set()),
        ("rate(a[5m])", {"x", "y"}),
        ("max_over_time(sum by (x) (a)[5m:1m])", {"x"}),
        ("histogram_quantile(0.9, h)", {"x"}),
        ("label_replace(a, 'n', '', '', '')", {"x", "y", "n"}),
        ("-(a)", {"x", "y"}),
    ],
)
def test_the_flow_of_labels(expr: str, labels: set[str] | None) -> None:
    catalogue = {"a": frozenset("xy"), "b": frozenset("xz"), "h": frozenset({"x", "le"})}
    assert labels_of(parse(expr).root, catalogue) == labels
