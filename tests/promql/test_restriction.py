"""A query restricted to one value of a label says of that what the whole query says, or there is none."""

import pytest

from exporter.model.matcher import Matcher, MatchOp
from exporter.promql import format_expression, parse, restrict

ONE = Matcher("instance", MatchOp.EQUAL, 'a"b')
M = 'instance="a\\"b"'


@pytest.mark.parametrize(
    ("whole", "restricted"),
    [
        ("up", f"up{{{M}}}"),
        ('x{a="1"} / (y > 0)', f'x{{{M},a="1"}} / (y{{{M}}} > 0)'),
        ("rate(x[5m])", f"rate(x{{{M}}}[5m])"),
        ("max_over_time(x[1h:1m])", f"max_over_time(x{{{M}}}[1h:1m])"),
        ("sum by (instance) (x)", f"sum by (instance) (x{{{M}}})"),
        ("sum without (db) (x)", f"sum without (db) (x{{{M}}})"),
        ("x and on (job) y", f"x{{{M}}} and on (job) y"),
        ("x * on (instance) y", f"x{{{M}}} * on (instance) y{{{M}}}"),
        ("x * on (job) group_left () y", f"x{{{M}}} * on (job) group_left () y"),
        ("60 * x", f"60 * x{{{M}}}"),
        ("x / scalar(sum(y))", f"x{{{M}}} / scalar(sum(y))"),
    ],
)
def test_what_depends_on_no_other_value(whole: str, restricted: str) -> None:
    found = restrict(parse(whole).root, ONE)
    assert found is not None
    assert format_expression(found) == format_expression(parse(restricted).root)


@pytest.mark.parametrize(
    "whole",
    [
        "sum(x)",
        "sum without (instance) (x)",
        "topk(3, x)",
        "absent(x)",
        'label_replace(x, "instance", "$1", "host", "(.*)")',
        "x / on (job) y",
        "x or on (job) y",
        "x + max by (job) (y) * 2",
    ],
)
def test_what_may_depend_on_others(whole: str) -> None:
    assert restrict(parse(whole).root, ONE) is None
