import pytest

from exporter.errors import QueryError
from exporter.promql import Limits, ValueType, parse

CANONICAL = {
    "up": "up",
    " up { b=\"2\" , a = '1' } ": 'up{a="1",b="2"}',
    '{__name__="up"}': '{__name__="up"}',
    '{"my.metric", "l.x"=~"y"}': '{"l.x"=~"y",__name__="my.metric"}',
    "up[90]": "up[1m30s]",
    "up offset -1.5": "up offset -1s500ms",
    "up @ 1.5 offset 1h": "up @ 1.500 offset 1h",
    "up offset 1h @ -60": "up @ -60.000 offset 1h",
    "rate(x_total[5m] @ end())": "rate(x_total[5m] @ end())",
    "rate(x_total[5m])[1h:] offset 2m": "rate(x_total[5m])[1h:] offset 2m",
    "up[1h:1m] @ start()": "up[1h:1m] @ start()",
    "SUM(up) BY (a, b,)": "sum by (a, b) (up)",
    "sum without () (up)": "sum without () (up)",
    'sum by ("a b", on) (up)': 'sum by ("a b", on) (up)',
    "topk(3, up)": "topk(3, up)",
    'count_values("v", up)': 'count_values("v", up)',
    "a+b*c": "a + b * c",
    "(a+b)*c": "(a + b) * c",
    "a == bool on(x) group_left(y) b": "a == bool on (x) group_left (y) b",
    "a * ignoring (x) group_right b": "a * ignoring (x) group_right () b",
    "a + ignoring() b": "a + b",
    "a + on() b": "a + on () b",
    "a UNLESS b": "a unless b",
    "-a ^ - 2": "-a ^ -2",
    "- - 1": "1",
    "1h30m + 5": "1h30m + 5",
    "0x10 + 1e3 + 010": "16 + 1000 + 8",
    "inf - NaN": "+Inf - NaN",
    '"a\\"b\\\\\\n\\u00e9"': '"a\\"b\\\\\\né"',
    '`a"b`': '"a\\"b"',
    "sum + by + offset offset 5m": "sum + by + offset offset 5m",
    "up # of all\n> 0 # servers": "up > 0",
    "time()": "time()",
    "round(up, 0.1)": "round(up, 0.1)",
    'label_join(up, "a", "-")': 'label_join(up, "a", "-")',
    "step + range{a='b'} - min_of": 'step + range{a="b"} - min_of',
    '"\\xff\\u00e4"': '"\\xffä"',
}
# Arithmetic on durations, which Prometheus has since 3.14.
COMPUTED = {
    "up[5m*2:STEP ( )] offset -(1m)": "up[5m * 2:step()] offset -(1m)",
    "up[((5m))] offset +range()": "up[(5m)] offset range()",
    "up[min_of(1m,-step()+2m)] @ end() offset (1h/2)": "up[min_of(1m, -step() + 2m)] @ end() offset (1h / 2)",
    "up[- - 5m]": "up[5m]",
}
DURATION = "expected number, duration, step()"
# The words "parse error" after the place are left out here.
REFUSED = {
    "": "unknown position: no expression found in input",
    "# only a comment": "1:1: no expression found in input",
    "up up": '1:4: unexpected identifier "up"',
    "sum(up": "1:7: unclosed left parenthesis",
    "sum(up,)": "1:7: trailing commas not allowed in function call args",
    "sum()": "1:1: no arguments for aggregate expression provided",
    "sum(1, up)": "1:1: wrong number of arguments for aggregate expression provided, expected 1, got 2",
    "topk(up)": "1:1: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    "topk(up, up)": "1:6: expected type scalar in aggregation parameter, got instant vector",
    "count_values(1, up)": "1:14: expected type string in aggregation parameter, got scalar",
    "sum(up[5m])": "1:5: expected type instant vector in aggregation expression, got range vector",
    "up\n+ abs(": "2:7: unclosed left parenthesis",
    "nope(up)": '1:1: unknown function with name "nope"',
    "rate(up)": '1:6: expected type range vector in call to function "rate", got instant vector',
    "time(1)": '1:1: expected 0 argument(s) in call to "time", got 1',
    "round()": '1:1: expected at least 1 argument(s) in call to "round", got 0',
    "round(up, 1, 2)": '1:1: expected at most 2 argument(s) in call to "round", got 3',
    'label_join(up, "a")': '1:1: expected at least 3 argument(s) in call to "label_join", got 2',
    "1 > 2": "1:3: comparisons between scalars must use BOOL modifier",
    "up + bool up": "1:4: bool modifier can only be used on comparison operators",
    "1 and up": '1:1: set operator "and" not allowed in binary scalar expression',
    "up and on (a) group_left up": '1:1: no grouping allowed for "and" operation',
    "up * on (a) group_left (a) up": '1:4: label "a" must not occur in ON and GROUP clause at once',
    "up + on (a) 1": "1:1: vector matching only allowed between instant vectors",
    "up[5m] + 1": "1:1: binary expression must contain only scalar and instant vector types",
    '-"a"': "1:1: unary expression only allowed on expressions of type scalar or instant "
    'vector, got "string"',
    "up[0s]": "1:4: duration must be greater than 0",
    "up[5m1h]": '1:4: not a valid duration string: "5m1h"',
    "up[5m1hs]": '1:4: unknown unit "hs" in duration "5m1hs"',
    "up[300y]": "1:4: duration out of range",
    "up[-5m]": "1:4: duration must be greater than 0",
    "up[step() range()]": '1:11: unexpected "range" in subquery or range, expected ":" or "]"',
    "up START": '1:4: unexpected "START"',
    "up{a=step}": '1:6: unexpected identifier "step" in label matching, expected string',
    "up NaN": '1:4: unexpected number "NaN"',
    "up iNf": '1:4: unexpected number "iNf"',
    "up[foo]": "1:4: unexpected character in duration expression: 'f'",
    "up[max(1m, 2m)]": "1:4: unexpected character in duration expression: 'm'",
    "up[5m + x]": "1:9: unexpected character: 'x', expected ':'",
    "up[step]": f'1:8: unexpected "]" in subquery or range selector, {DURATION}, or range()',
    "up[5m:1m*]": f'1:10: unexpected "]" in subquery selector, {DURATION}, range(), or "]"',
    "up[5m / 0]": "1:7: division by zero",
    "up[5m % 0]": "1:7: modulo by zero",
    "up offset": "1:10: unexpected end of input in offset, expected number, duration, step(), or range()",
    "up offset (5m": "1:14: unclosed left parenthesis",
    "up offset -Inf": "1:11: duration out of range",
    "up[1m" + "+1m" * 60 + "]": "1:184: a duration is computed of more than 60 parts",
    "up[" + "(" * 61 + "1m" + ")" * 61 + "]": "1:64: a duration is computed of more than 60 parts",
    "1__000": '1:1: bad number or duration syntax: "1__"',
    "1_": '1:1: bad number or duration syntax: "1_"',
    "0xffffffffffffffff": (
        '1:1: error parsing number: strconv.ParseFloat: parsing "0xffffffffffffffff": invalid syntax'
    ),
    '"\\\'"': "1:1: unknown escape sequence U+0027 '''",
    'up{a=~"\\\\C"}': "1:4: error parsing regexp: invalid escape sequence: `\\C`",
    'up{a=~"b\\xff"}': "1:7: string is not valid UTF-8",
    "up[5m:1m][5m:1m]": "1:1: subquery is only allowed on instant vector, got matrix instead",
    "up[job]": "1:4: unexpected character in duration expression: 'j'",
    "up['5m']": "1:4: unexpected character in duration expression: '\\''",
    "up[:5m]": "1:5: unexpected colon before duration in duration expression",
    "up[5m:1m:1m]": "1:9: unexpected colon ':'",
    "up[5m job]": "1:7: unexpected character: 'j', expected ':'",
    "up[5m[": "1:6: unexpected left bracket '['",
    "up[5m": "1:6: unclosed left bracket",
    "up]": "1:3: unexpected right bracket ']'",
    "up}": "1:3: unexpected character: '}'",
    "(up": "1:4: unclosed left parenthesis",
    "(up))": "1:6: unexpected right parenthesis ')'",
    "up !~ 1": "1:4: unexpected character after '!': '~'",
    "up =~ 1": "1:4: unexpected character after '=': '~'",
    "up{a!}": "1:5: unexpected character after '!' inside braces: '}'",
    "up{{": "1:4: unexpected left brace '{'",
    "* up": "1:1: unexpected <op:*>",
    "up + and or": "1:12: unexpected end of input",
    "up @@ 5": "1:5: unexpected <op:@> in @, expected timestamp",
    "up = up": '1:4: unexpected "="',
    "up avg": "1:4: unexpected <aggr:avg>",
    '"a long text" up': '1:15: unexpected identifier "up"',
    'up "a long text"': '1:4: unexpected string "\\"a long te"...',
    "up - on(b) ignoring(c) up": "1:12: unexpected <ignoring>",
    # What is badly written is told before what makes no sense, and the first fault of each kind.
    "rate(up) + abs(1) up": '1:19: unexpected identifier "up"',
    "rate(up) + abs(1)": '1:6: expected type range vector in call to function "rate", got instant vector',
    "up up $": '1:4: unexpected identifier "up"',
    "sum by ('') (up)": '1:9: invalid label name for grouping: ""',
    "up[5m][5m]": "1:7: ranges only allowed for vector selectors",
    "up offset 5m[5m]": "1:13: no offset modifiers allowed before range",
    "up @ 5[5m]": "1:7: no @ modifiers allowed before range",
    "up offset 1m offset 1m": "1:1: offset may not be set multiple times",
    "up @ 1 @ 2": "1:1: @ <timestamp> may not be set multiple times",
    "up @ Inf": "1:1: timestamp out of bounds for @ modifier: +Inf",
    "up @ -1e300": f"1:1: timestamp out of bounds for @ modifier: -{1e300:f}",
    "up @ NaN": "1:1: timestamp out of bounds for @ modifier: NaN",
    "sum(up) offset 5m": "1:1: offset modifier must be preceded by an instant vector selector or range "
    "vector selector or a subquery",
    "1[5m:]": "1:1: subquery is only allowed on instant vector, got scalar instead",
    "{}": "1:1: vector selector must contain at least one non-empty matcher",
    '{a=~".*"}': "1:1: vector selector must contain at least one non-empty matcher",
    'up{__name__="x"}': '1:1: metric name must not be set twice: "up" or "x"',
    'up{a="1" or b="2"}': '1:10: unexpected identifier "or" in label matching, expected "," or "}"',
    "up{a=1}": "1:6: unexpected character inside braces: '1'",
    'up{a=~"("}': "1:4: error parsing regexp: missing closing ): `(`",
    "up{": "1:4: unexpected end of input inside braces",
    "up[": "1:4: unexpected end of input in duration expression",
    '"abc': "1:1: unterminated quoted string",
    "`abc": "1:1: unterminated raw string",
    '"abc\\': "1:1: escape sequence not terminated",
    '"\\q"': "1:1: unknown escape sequence U+0071 'q'",
    '"\\x."': "1:1: illegal character U+002E '.' in escape sequence",
    '"\\u12"': "1:1: illegal character U+0022 '\"' in escape sequence",
    '"\\779"': "1:1: illegal character U+0039 '9' in escape sequence",
    '"\\777"': "1:1: escape sequence is an invalid Unicode code point",
    "1.2.3": '1:1: bad number or duration syntax: "1.2."',
    "1..2": '1:1: bad number or duration syntax: "1.."',
    "5q": '1:1: bad number or duration syntax: "5"',
    "5m1": '1:1: bad number or duration syntax: "5m1"',
    "5morning": '1:1: bad number or duration syntax: "5mo"',
    "0deadbeef": '1:1: bad number or duration syntax: "0de"',
    "0.5m": '1:1: unknown unit "." in duration "0.5m"',
    "sum(up up)": '1:8: unexpected identifier "up" in aggregation',
    "sum(rate(up[5m)))": '1:15: unexpected ")" in subquery or range, expected ":" or "]"',
    "nope(up up)": '1:9: unexpected identifier "up"',
    "round(up, , 1)": "1:9: trailing commas not allowed in function call args",
    "topk(, up)": '1:6: unexpected "," in aggregation',
    "1e999": '1:1: error parsing number: strconv.ParseFloat: parsing "1e999": value out of range',
    "up ? 1": "1:4: unexpected character: '?'",
    "on": "1:1: unexpected <on>",
    "sum by (1) (up)": '1:9: unexpected number "1" in grouping opts, expected label',
    "sum by (without) (up)": "1:9: unexpected <without> in grouping opts, expected label",
}
UNSUPPORTED = {
    "limitk(2, up)": "limitk() is experimental and not supported",
    "limit_ratio(0.5, up)": "limit_ratio() is experimental and not supported",
    "double_exponential_smoothing(up[5m], 0.5, 0.5)": "is experimental and not supported",
    "info(up)": 'function "info" is experimental and not supported',
    'sort_by_label(up, "a")': "is experimental and not supported",
    "mad_over_time(up[5m])": "is experimental and not supported",
    "up + fill(0) up": "binop fill modifiers are experimental and not supported",
    "up smoothed": "smoothed modifier is experimental and not supported",
    "rate(up[5m] anchored)": "anchored modifier is experimental and not supported",
    "up </ 5": "works on native histograms, which are not supported",
}


@pytest.mark.parametrize(("text", "canonical"), (CANONICAL | COMPUTED).items())
def test_prints_what_it_has_read(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize("text", (CANONICAL | COMPUTED).values())
def test_reads_what_it_prints(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_says_what_is_wrong_and_where(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert str(caught.value) == message.replace(": ", ": parse error: ", 1)


@pytest.mark.parametrize(("text", "message"), UNSUPPORTED.items())
def test_refuses_by_name_what_only_feature_flags_enable(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=r"^1:\d+: parse error: ") as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value_type"),
    [
        ("1 + time()", ValueType.SCALAR),
        ("up > 1", ValueType.VECTOR),
        ("up[5m]", ValueType.MATRIX),
        ("up[5m:]", ValueType.MATRIX),
        ('("a")', ValueType.STRING),
        ("vector(1)", ValueType.VECTOR),
    ],
)
def test_knows_the_type(text: str, value_type: ValueType) -> None:
    assert parse(text).value_type is value_type


def test_long_expressions_are_refused() -> None:
    with pytest.raises(QueryError, match="expression is longer than 10 characters"):
        parse("a" * 11, limits=Limits(expression_chars=10))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000 + "1" + ")" * 50_000,
        "-" * 60_000 + "1",
        "^".join(["2"] * 20_000),
        "+".join(["up"] * 20_000),
        "sum(" * 10_000 + "up" + ")" * 10_000,
        "[" * 60_000,
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"nested more than 120 levels|longer than|unexpected"):
        parse(text)


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert str(parse("(" * 50 + "1" + ")" * 50)) == "(" * 50 + "1" + ")" * 50
    assert len(parse(" or ".join(["up"] * 100)).selectors) == 100
