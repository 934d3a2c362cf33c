"""Functions on text."""

import pytest

from exporter.gotemplate.texts import lower, match, replace_all, title, upper
from exporter.gotemplate.values import FunctionError


@pytest.mark.parametrize(
    ("text", "kept", "lowered"),
    [
        ("hello wORLD", "Hello WORLD", "Hello World"),
        ("foo_bar foo-bar foo.bar", "Foo_bar Foo-Bar Foo.bar", "Foo_bar Foo-Bar Foo.bar"),
        ("don't a..b ab:cd", "Don't A..B Ab:cd", "Don't A..B Ab:cd"),
        ("école 3rd", "École 3Rd", "École 3Rd"),
        ("ßa", "Ssa", "Ssa"),
        ("", "", ""),
    ],
)
def test_words_get_capital_letters_as_in_go(text: str, kept: str, lowered: str) -> None:
    assert title(text, lower_rest=False) == kept
    assert title(text, lower_rest=True) == lowered


def test_case_is_changed_character_by_character() -> None:
    assert upper("straße ŉ ﬁ ᾳ é") == "STRAßE ŉ ﬁ ᾼ É"
    assert lower("İSTANBUL ÀÉ Σ") == "istanbul àé σ"


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "result"),
    [
        ("(.*):.*", "$1", "localhost:9121", "localhost"),
        ("(a)(b)?", "[$1|$2|$3]", "ab a", "[a|b|] [a||]"),
        ("(?P<host>\\w+):", "${host}-$host_x-", "db:1", "db--1"),
        ("a", "$$1", "aa", "$1$1"),
        ("a", "$", "a", "$"),
        ("a*", "X", "baac", "XbXcX"),
        ("", "-", "éa", "-é-a-"),
        ("^", ">", "ab", ">ab"),
        ("x", "y", "abc", "abc"),
        ("(?i)ABC", "z", "xabcx", "xzx"),
        (".", "é", "äö", "éé"),
    ],
)
def test_matches_are_replaced_as_in_go(pattern: str, replacement: str, text: str, result: str) -> None:
    assert replace_all(pattern, replacement, text) == result


def test_match_searches_anywhere() -> None:
    assert match("b.d", "abcde")
    assert not match("^b", "abc")


@pytest.mark.parametrize("pattern", ["(", "a{1001}", "(?=a)", "\\"])
def test_patterns_are_re2s(pattern: str) -> None:
    with pytest.raises(FunctionError, match="error parsing regexp: "):
        match(pattern, "a")


def test_hostile_pattern_takes_linear_time() -> None:
    assert not match("(a+)+$", "a" * 100_000 + "b")
