"""Patterns of keys' names as users write them."""

import pytest

from exporter.model.keyname import compile_pattern, show_bytes


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
