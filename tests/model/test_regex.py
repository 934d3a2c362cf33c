"""Regular expressions of strangers cost little: to compile, to keep and to match."""

import pytest

from exporter.model.matcher import Matcher, MatchOp
from exporter.model.regex import InvalidRegexError, compile_regex, literal_values
from exporter.model.regex_size import estimate_size


@pytest.mark.parametrize(
    "pattern",
    [
        r"\pL" * 10_000,
        r"[\pL\p{Greek}]" * 100,
        r"\pL{1000}",
        ".{1000}" * 90,
        r"(?:a\D{50}){70}",
        "x{0,1000}" * 19,
        "(?:x{30}){0,900}y{9000000000}",
        "x?" * 9_000,
        "[^a]" * 14_000,
        "|".join(f".*a{number}.*" for number in range(5_000)),
        "(" * 40_000,
        "{" * 60_000,
        r"\Qa.b" + "." * 60_000,
    ],
)
def test_what_would_take_seconds_to_compile_is_refused_before(pattern: str) -> None:
    assert estimate_size(pattern, 30_000) > 30_000
    with pytest.raises(InvalidRegexError, match="too large"):
        compile_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (".*", "any"),
        (".{100}", "x" * 100),
        (r"\pL+(?:-\pN{1,3})?", "wörld-12"),
        (r"(?i)cache-[0-9]{2,4}[.]Example[.]com:\d+", "CACHE-123.example.COM:6379"),
        ("|".join(f"host{number}[.].*" for number in range(900)), "host899.x"),
        ("a" * 20_000, "a" * 10),
        (r"[[:alpha:]_][]^a-z\]]*", "a]^b"),
        (r"\Q.*\E+", ".**"),
    ],
)
def test_what_people_write_is_taken(pattern: str, text: str) -> None:
    regex = compile_regex(pattern)
    assert regex.matches(text) is (not pattern.startswith("aaa"))


def test_a_text_that_would_hold_everything_up_matches_neither_way() -> None:
    # With its groups RE2 takes four seconds for this one.
    pattern = "(x?)" * 1000 + "x" * 1000
    text = "x" * 1000
    is_, is_not = (Matcher("a", op, pattern) for op in (MatchOp.REGEX, MatchOp.NOT_REGEX))

    assert len(text) > is_.most_characters
    assert not is_.matches({"a": text})
    assert not is_not.matches({"a": text})
    assert not is_.matches({"a": "x" * 10})
    assert is_not.matches({"a": "x" * 10})
    # What everybody writes is matched with everything.
    assert Matcher("a", MatchOp.REGEX, "x.*").matches({"a": "x" * 100_000})


def test_groups_are_counted_where_they_are_wanted_only() -> None:
    pattern = "(a)" * 101
    assert compile_regex(pattern).matches("a" * 101)
    with pytest.raises(InvalidRegexError, match="101 groups: at most 100 are taken"):
        compile_regex(pattern, with_groups=True)
    assert compile_regex("(a)(?P<b>.*)", with_groups=True).fullmatch("abc").group("b") == "bc"


def test_large_ones_are_not_kept() -> None:
    assert compile_regex("cache.*") is compile_regex("cache.*")
    large = "a" * 5_000 + ".*"
    assert compile_regex(large) is not compile_regex(large)


def test_an_error_repeats_little_of_the_expression() -> None:
    with pytest.raises(InvalidRegexError) as raised:
        compile_regex("(" * 900 + "a" * 20_000)
    assert len(str(raised.value)) < 1_100


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("a", {"a"}),
        ("", {""}),
        ("a|b|", {"a", "b", ""}),
        ("(a|b)", {"a", "b"}),
        ("(?:a-1:6379|b_2)", {"a-1:6379", "b_2"}),
        (r"10\.0\.0\.1:6379|b\|c", {"10.0.0.1:6379", "b|c"}),
        ("ä| |\n", {"ä", " ", "\n"}),
        ("a.b", None),
        ("(a|b)c|(d)", None),
        ("(a)|(b)", None),
        ("a|b*", None),
        ("^a$", None),
        (r"a\d|b", None),
        (r"a\n", None),
        ("(?i:a)", None),
        ("(a", None),
        ("a)", None),
        ("a\\", None),
        ("[a]", None),
        ("a{2}", None),
    ],
)
def test_alternatives_without_a_pattern_are_values(pattern: str, values: set[str] | None) -> None:
    found = literal_values(pattern)
    assert found == values
    for text in ("a", "b", "", "c", "b|c", "10.0.0.1:6379", "10x0.0.1:6379", "ä", "(a", "aa"):
        if found is not None:
            assert (text in found) is compile_regex(pattern).matches(text)
            assert Matcher("x", MatchOp.REGEX, pattern).matches_value(text) is (text in found)
            assert Matcher("x", MatchOp.NOT_REGEX, pattern).matches_value(text) is (text not in found)


def test_as_many_alternatives_as_there_are_servers_are_taken() -> None:
    pattern = "|".join(f"cache-{number}[.]example" for number in range(3_000)).replace("[.]", r"\.")
    assert Matcher("instance", MatchOp.REGEX, pattern).matches({"instance": "cache-2999.example"})
    assert not Matcher("instance", MatchOp.REGEX, f"({pattern})").matches({"instance": "cache-2999xexample"})
