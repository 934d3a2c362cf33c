"""Long queries in several lines, as Prometheus' format_query writes them."""

import pytest

from exporter.promql import parse
from exporter.promql.syntax.prettifier import prettify

A = "redis_commands_duration_seconds_total_of_all_the_commands_there_are"
B = "redis_commands_total_of_all_the_commands_that_there_are_anywhere"
CASES = {
    "sum( up )by(a)": "sum by (a) (up)",
    f"sum({A}) / on (instance) group_left () sum({B})": (
        f"  sum({A})\n/ on (instance) group_left ()\n  sum({B})"
    ),
    "clamp(up, -Inf, Inf)": "clamp(up, -Inf, +Inf)",
    f"topk(3, {A} + {B})": f"topk(\n  3,\n    {A}\n  +\n    {B}\n)",
    f"sum by (instance) (({A} > {B}))": f"sum by (instance) (\n  (\n      {A}\n    >\n      {B}\n  )\n)",
    f"clamp({A} - {B}, 0, 1)": f"clamp(\n    {A}\n  -\n    {B},\n  0,\n  1\n)",
    f"-({A} - {B})": f"-(\n    {A}\n  -\n    {B}\n)",
    f"max_over_time(({A} >= bool {B})[5m:1m] offset 1h)": (
        f"max_over_time(\n  (\n      {A}\n    >= bool\n      {B}\n  )[5m:1m] offset 1h\n)"
    ),
    f"sum({A} + {A})\n": f"sum(\n    {A}\n  +\n    {A}\n)",
    f'{A}{{instance="a",cmd="{"x" * 40}"}}': f'{A}{{cmd="{"x" * 40}",instance="a"}}',
}


@pytest.mark.parametrize(("text", "shown"), CASES.items())
def test_long_queries_are_split(text: str, shown: str) -> None:
    assert prettify(parse(text).root) == shown
    assert prettify(parse(shown).root) == shown
