"""Matchers in both grammars."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.alertmanager.matchers import (
    InvalidMatcherError,
    format_matcher,
    format_matchers,
    make_matcher,
    parse_matcher,
    parse_matchers,
    sort_matchers,
)
from exporter.model.matcher import MatchOp

Parsed = list[tuple[str, str, str]]


def parse(text: str) -> Parsed:
    return [(one.name, one.op.value, one.value) for one in parse_matchers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        ("foo=bar", [("foo", "=", "bar")]),
        (' foo = "bar" ', [("foo", "=", "bar")]),
        ('{foo = "bar", dings != "bums", }', [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        ("foo=bar,dings!=bums", [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        ("a=~b.*,c!~d|e", [("a", "=~", "b.*"), ("c", "!~", "d|e")]),
        ("foo=", [("foo", "=", "")]),
        ('foo=""', [("foo", "=", "")]),
        ("foo=a b", [("foo", "=", "a b")]),
        ("foo='bar'", [("foo", "=", "'bar'")]),
        ("foo=bar}", [("foo", "=", "bar")]),
        ("{foo=bar", [("foo", "=", "bar")]),
        ('q="say \\"hi, you\\""', [("q", "=", 'say "hi, you"')]),
        ('q="a,b",c=d', [("q", "=", "a,b"), ("c", "=", "d")]),
        ('q="a\\nb\\\\c"', [("q", "=", "a\nb\\c")]),
        ('q=~"\\d+\\.x"', [("q", "=~", "\\d+\\.x")]),
        ("q=a\\", [("q", "=", "a\\")]),
        ("foo:bar=x", [("foo:bar", "=", "x")]),
        # Only the newer grammar knows these.
        ('"a b"="c"', [("a b", "=", "c")]),
        ('{"a.b" != "\\u00e9"}', [("a.b", "!=", "é")]),
        ('Σ="x"', [("Σ", "=", "x")]),
        ('"\\x41\\101"=~x', [("AA", "=~", "x")]),
        ('{a="b"} ', [("a", "=", "b")]),
    ],
)
def test_a_text_is_parsed_as_these_matchers(text: str, expected: Parsed) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("foo", "foo: expected an operator (=, !=, =~ or !~), found the end"),
        ("=bar", '=bar: expected a matcher such as foo=bar, found "="'),
        (",", ',: expected a matcher such as foo=bar, found ","'),
        ("foo=bar,,", 'foo=bar,,: expected a comma or the end, found ","'),
        ('foo="bar', 'foo="bar: column 5 begins nothing that a matcher is made of'),
        ('foo="b"ar', 'foo="b"ar: expected a comma or the end, found "ar"'),
        ("foo=~(", '"(" is not a regular expression: missing closing ): `(`'),
        ('"a\nb"=c', '"a\nb": a line break inside double quotes is written \\n'),
        ('"\\q"=c', '"\\q": "\\" begins no escape that exists'),
        ('"\\ud800"=c', '"\\ud800": "\\ud800" begins no escape that exists'),
        ('"\\xff"=c', '"\\xff": its escapes are not UTF-8'),
        ("1foo=bar}", '1foo=bar}: expected a comma or the end, found "}"'),
    ],
)
def test_a_text_that_is_no_matcher_is_refused_with_a_reason(text: str, sentence: str) -> None:
    with pytest.raises(InvalidMatcherError) as caught:
        parse_matchers(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["{a=b}", "a=b}", '"a b"=c,d=e', ""])
def test_a_single_matcher_is_single(text: str) -> None:
    with pytest.raises(InvalidMatcherError):
        parse_matcher(text)


def test_a_comma_belongs_to_the_value_of_a_single_matcher() -> None:
    assert parse_matcher("a=b,c=d") == parse_matcher('a="b,c=d"')


def test_format_and_order() -> None:
    matchers = sort_matchers(parse_matchers('b="2",a=~"x\\ny",a!="1","c d"="e\\"f",a="1"'))
    assert format_matchers(matchers) == '{a="1",a!="1",a=~"x\\ny",b="2","c d"="e\\"f"}'


@given(st.text())
def test_hostile_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidMatcherError):
        parse_matchers(text)


# What a name in quotes may hold; the classic grammar takes other line breaks for text.
_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda name: name.strip())


@given(_NAMES, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), st.text())
def test_what_is_printed_is_read_as_the_same(name: str, op: MatchOp, value: str) -> None:
    matcher = make_matcher(name, op, value)
    assert parse_matchers(format_matcher(matcher)) == [matcher]
