"""Patterns of keys' names as users write them."""

import re

import pytest

from exporter.model.keyname import compile_pattern, shorten_pattern, show_bytes, show_name


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("session:{id}", ["session:1", "session:a-b.c_d"], ["session:", "session:1:x", "xsession:1"]),
        ("cache:*:html", ["cache:a:b:html", "cache::html"], ["cache:html", "cache:a:htm"]),
        ("{{tag}}:{id}", ["{tag}:1"], ["tag:1", "{tagx}:1"]),
        ("a.b+c", ["a.b+c"], ["axb+c", "a.bbc"]),
        ("p/{x}/q|{y}", ["p/1/q|2"], ["p/1/2/q|2"]),
        ("*", ["", "a\nb"], []),
    ],
)
def test_patterns(pattern: str, matching: list[str], others: list[str]) -> None:
    match = compile_pattern(pattern).fullmatch
    assert all(match(name.encode()) for name in matching)
    assert not any(match(name.encode()) for name in others)


@pytest.mark.parametrize("pattern", ["a{b", "a}b", "{a}}", "{{a}"])
def test_a_single_brace(pattern: str) -> None:
    with pytest.raises(ValueError, match=r'has a single "[{}]": write'):
        compile_pattern(pattern)


def test_names_as_text() -> None:
    assert show_bytes("Grüße:1".encode()) == "Grüße:1"
    assert show_bytes(b"a\xffb") == "a\\xffb"
    assert show_bytes(b"a\nb\x00") == "a\\nb\\x00"


def test_long_names_are_shortened_and_told_apart() -> None:
    first, second = b"cart:" + b"a" * 9995, b"cart:" + b"a" * 9994 + b"b"
    shown = show_name(first)
    assert shown.startswith("cart:aaa")
    assert re.fullmatch(r"cart:a+…\(10,000 bytes, #[0-9a-f]{12}\)", shown)
    assert len(shown) < 170
    assert shown != show_name(second)
    assert show_name(b"cart:7") == "cart:7"
    # What is escaped is not longer.
    assert len(show_name(b"\x01" * 3000)) < 170


def test_long_patterns_are_shortened_and_told_apart() -> None:
    first, second = "u:*:" + "q" * 300, "u:*:" + "q" * 299 + "*"
    assert re.fullmatch(r"u:\*:q+…\(#[0-9a-f]{12}\)", shorten_pattern(first))
    assert shorten_pattern(first) != shorten_pattern(second)
    assert shorten_pattern("u:*") == "u:*"
