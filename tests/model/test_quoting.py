import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.quoting import InvalidEscapeError, quote, quote_character, unescape


@given(st.text(), st.booleans())
def test_a_quoted_text_is_read_as_it_was(text: str, ascii_only: bool) -> None:
    quoted = quote(text, ascii_only=ascii_only)
    assert unescape(quoted[1:-1], '"').decode() == text
    assert quoted.isascii() or not ascii_only


@given(st.binary())
def test_bytes_that_are_no_text_are_quoted_and_read_as_they_were(data: bytes) -> None:
    quoted = quote(data.decode("utf-8", "surrogateescape"))
    assert unescape(quoted[1:-1], '"') == data


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (r"\a\b\f\n\r\t\v\\", b"\a\b\f\n\r\t\v\\"),
        (r"\x41\101\u0041\U00000041", b"AAAA"),
        (r"\xff\377", b"\xff\xff"),
        (r"\u00e9\U0001f600", "\u00e9\U0001f600".encode()),
        (r"\"'", b"\"'"),
    ],
)
def test_every_escape_of_go_is_read(body: str, read: bytes) -> None:
    assert unescape(body, '"') == read


@pytest.mark.parametrize(
    ("body", "sequence", "rest", "is_complete"),
    [
        (r"a\qb", r"\q", "b", False),
        (r"\'", r"\'", "", False),
        (r"\x4", r"\x", "4", False),
        (r"\18", r"\1", "8", False),
        ("\\", "\\", "", False),
        ("\\\n", "\\\n", "", False),
        (r"\400!", r"\400", "!", True),
        (r"\ud800", r"\ud800", "", True),
        (r"\U00110000", r"\U00110000", "", True),
    ],
)
def test_an_escape_that_go_does_not_have_is_named(
    body: str, sequence: str, rest: str, is_complete: bool
) -> None:
    with pytest.raises(InvalidEscapeError) as caught:
        unescape(body, '"')
    error = caught.value
    assert (error.sequence, error.rest, error.is_complete) == (sequence, rest, is_complete)


def test_a_character_is_quoted_in_its_own_quotes() -> None:
    assert [quote_character(ord(char)) for char in "'\"\n"] == [r"'\''", "'\"'", r"'\n'"]
