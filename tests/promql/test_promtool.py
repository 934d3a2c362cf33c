"""The same queries and data given to Prometheus' own promtool.

What Prometheus has changed since version 2.42 is left out, so that any promtool will do.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from exporter.model.floats import format_float
from exporter.promql import Engine, Vector, parse
from tests.peers import require_program
from tests.promql.data import load
from tests.promql.test_parser import CANONICAL, REFUSED, UNSUPPORTED

pytestmark = pytest.mark.peers("promtool")

SERIES = {
    'ops_total{server="a", zone="east"}': "0+60x6 30+60x6",
    'ops_total{server="b", zone="west"}': "5x12",
    'memory{server="a", zone="east"}': "10 12 9 9 30 31 28 28 28 27 26 25",
    'memory{server="b", zone="west"}': "1 _ _ 5 _ 6 7 stale 4 4 _ 4",
    'limit{server="a"}': "40x12",
    'latency_bucket{server="a", le="0.1"}': "0+4x12",
    'latency_bucket{server="a", le="0.5"}': "0+10x12",
    'latency_bucket{server="a", le="+Inf"}': "0+20x12",
}
# At a moment between the samples, and with ranges that no sample lies on the edge of.
AT_SECONDS = 451
QUERIES = (
    "memory",
    "memory offset 2m5s",
    "memory @ 100",
    "memory @ end() offset 1m5s",
    "rate(ops_total[5m5s])",
    "increase(ops_total[3m5s])",
    "irate(ops_total[5m5s])",
    "delta(memory[4m5s])",
    "idelta(memory[4m5s])",
    "resets(ops_total[7m5s])",
    "changes(memory[7m5s])",
    "sum_over_time(memory[4m5s])",
    "avg_over_time(memory[4m5s])",
    "min_over_time(memory[4m5s]) + max_over_time(memory[4m5s])",
    "quantile_over_time(0.3, memory[4m5s])",
    "stdvar_over_time(memory[4m5s])",
    "last_over_time(memory[4m5s])",
    "count_over_time(memory[7m5s:25s])",
    "max_over_time(rate(ops_total[2m5s])[4m5s:35s])",
    'absent_over_time(memory{server="c"}[5m])',
    "deriv(memory[4m5s])",
    "sum by (zone) (ops_total)",
    "avg without (server) (ops_total)",
    "count(memory) + group(memory)",
    "quantile(0.7, ops_total)",
    "topk(1, memory)",
    "bottomk by (zone) (1, memory)",
    'count_values("v", memory)',
    "memory / on (server) group_left () limit",
    "limit - on (server) group_right (zone) memory",
    "memory > on (server) group_left () (limit / 2)",
    "memory and on (zone) ops_total > 100",
    "memory unless limit",
    "memory or limit",
    "memory == bool 28",
    "-memory ^ 2 % 7",
    "histogram_quantile(0.7, latency_bucket)",
    "histogram_quantile(0.3, sum by (le) (rate(latency_bucket[5m5s])))",
    'label_replace(memory, "s", "$1-$1", "server", "(.*)")',
    'label_join(memory, "s", "-", "server", "zone")',
    "round(memory / 7, 0.25)",
    "clamp(memory, 5, 20)",
    "sort_desc(memory)",
    "sgn(memory - 10) + ceil(memory / 3) - floor(memory / 3)",
    "hour(memory * 3600) + day_of_week(memory * 86400)",
    "timestamp(memory)",
    "vector(scalar(limit) + time())",
)
# What only Prometheus 3 reads, or reads differently; and strings of bytes, which are refused here.
DIFFERENT = re.compile(
    r"\[90\]|offset -?1\.5|1h30m \+|a b|my\.metric|without\) \(up\)|\[5m1h\]|up\[0s\]|^1e999|010|\\xff"
)


def run(tmp_path: Path, content: object, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "given.yml"
    path.write_text(json.dumps(content))
    command = [str(require_program("promtool")), *arguments, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_results_are_those_of_prometheus(tmp_path: Path) -> None:
    world = load("load 1m\n" + "\n".join(f"  {labels} {points}" for labels, points in SERIES.items()))
    engine = Engine(world.store, default_step_ms=60_000)
    tests = []
    for query in QUERIES:
        value = engine.instant(parse(query), AT_SECONDS * 1000).value
        assert isinstance(value, Vector)
        expected = [
            {"labels": str(sample.labels), "value": float(format_float(sample.value))}
            for sample in value.samples
        ]
        tests.append({"expr": query, "eval_time": f"{AT_SECONDS}s", "exp_samples": expected})
    series = [{"series": labels, "values": points} for labels, points in SERIES.items()]
    group = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    result = run(tmp_path, {"evaluation_interval": "1m", "tests": [group]}, "test", "rules")
    assert result.returncode == 0, result.stdout + result.stderr


def test_queries_are_read_and_refused_as_by_prometheus(tmp_path: Path) -> None:
    queries = [
        text
        for text in (*CANONICAL, *REFUSED, *QUERIES)
        if text and text not in UNSUPPORTED and not DIFFERENT.search(text)
    ]
    rules = [{"record": f"r{number}", "expr": text} for number, text in enumerate(queries)]
    result = run(tmp_path, {"groups": [{"name": "g", "rules": rules}]}, "check", "rules")
    refused = {
        int(number) - 1 for number in re.findall(r'group "g", rule (\d+),', result.stdout + result.stderr)
    }
    assert [queries[number] for number in sorted(refused)] == [text for text in queries if text in REFUSED]
