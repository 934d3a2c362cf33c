"""Replies are bounded in elements, depth and length of lines before they are parsed."""

import random
from itertools import pairwise

import pytest

from exporter.connection.bounds import MAX_DEPTH, MAX_ELEMENTS, ReplyBoundError, ReplyBounds
from tests.samplers.canned import encode

MB = 1 << 20


def pieces(data: bytes, most: int, seed: int = 0) -> list[bytes]:
    """The data, cut anywhere."""
    chance = random.Random(seed)
    cuts = [0]
    while cuts[-1] < len(data):
        cuts.append(min(len(data), cuts[-1] + chance.randint(1, most)))
    return [data[start:end] for start, end in pairwise(cuts)]


def refusal(data: bytes, most: int = 16_384) -> str:
    bounds = ReplyBounds(MB)
    try:
        for piece in pieces(data, most):
            bounds.note(piece)
    except ReplyBoundError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("most", [1, 7, 100, 16_384])
def test_what_servers_say_passes_however_it_is_cut(most: int) -> None:
    text = b"\r\n*99999999\r\n$5\r\n" * 100
    reply = [b"a", None, [], [1, [text, [b"", [b"x"]]]], list(range(3_000)), Exception("ERR no"), text * 200]
    data = b"+OK\r\n" + encode(reply) + b"*-1\r\n$-1\r\n" + encode(reply)
    bounds = ReplyBounds(MB)
    for piece in pieces(data, most, seed=most):
        bounds.note(piece)
    # And it is in step at the end: what comes now is seen for what it is.
    with pytest.raises(ReplyBoundError):
        bounds.note(b"*250001\r\n")


@pytest.mark.parametrize("most", [3, 16_384])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"*2147483647\r\n:1\r\n", "elements"),
        (b"*1\r\n*1\r\n*250001\r\n", "elements"),
        (b"+OK\r\n>300000\r\n", "elements"),
        (b"*99999999999999999999999999999999\r\n", "length in a reply"),
        (b"*250000\r\n" * 2, "elements"),
        (b"*9999\r\n" * 40, "elements"),
        (b":1\r\n" * (MAX_ELEMENTS + 1), "elements"),
        (b"*1\r\n" * 20_000, f"{MAX_DEPTH} levels"),
        (b"*1000\r\n" * 40, f"{MAX_DEPTH} levels"),
        (b"+" + b"x" * 200_000, "line of a reply does not end"),
        (b"*20000\r\n$2000000\r\n", "too large"),
        (b"*20000\r\n$1e3\r\n", "length in a reply"),
    ],
)
def test_what_no_server_says_is_refused_before_it_is_parsed(data: bytes, words: str, most: int) -> None:
    assert words in refusal(data, most)


def test_elements_are_counted_from_question_to_question() -> None:
    bounds = ReplyBounds(MB)
    for _ in range(5):
        bounds.begin()
        for piece in pieces(b":1\r\n" * 200_000, 16_384):
            bounds.note(piece)
    bounds.rest()
    assert not bounds.is_strict


def test_what_is_short_is_not_taken_apart() -> None:
    bounds = ReplyBounds(MB)
    bounds.note(encode([b"x" * 1_000] * 50))
    assert not bounds.is_strict
