"""Shapes recognise ids in names by their looks: numbers, UUIDs, hashes, ULIDs, e-mail addresses, IPs.

A name is cut at `:` into pieces. A piece that is an id as a whole becomes `*`; in any other piece the ids
become `*` (`cache_page_17` is `cache_page_*`), and it is cut into tokens where its parts may differ one by
one: at `/`, `|`, braces, and at dots if there are several. A `*` in a name itself has a backslash before it.
"""

import re
from typing import Final

WILD: Final = b"*"
# Between `:` stand the pieces, the unit of the fast way through the tree.
PIECE_SEPARATOR: Final = b":"
SEPARATORS: Final = frozenset(bytes((char,)) for char in b":./|{}")

# Each alternative ends at a separator or another sign; none can match in two ways, so none can backtrack far.
_ID: Final = rb"""
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}               # UUID
  | [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}[0-9.]*Z?                       # the first piece of an ISO 8601 moment
  | [0-9]+(?:[._-][0-9]+)*(?:Z(?![0-9A-Za-z]))?                        # numbers, dates, IPv4
  | 0[xX][0-9a-fA-F]+
  | (?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}                                  # hashes
  | [0-9a-f]{16,}
  | (?![A-Z]?[a-z]{2,}[A-Z][a-z]{3})                                   # but for `UserProfile507f1f`:
    (?=[A-Za-z]*[0-9]+[A-Za-z]+[0-9])[0-9A-Za-z]{10,}={0,2}            # ULID, KSUID, CUID, base62
"""
# Words that applications put in front of an id with nothing between (`cache1x8…`, in Django's sessions).
_GLUED_ID: Final = rb"(?:cached_db|cache|session|token|user|lock)(?=[a-z0-9]{16}(?![A-Z]))(?=[a-z]*[0-9])"
# Or any word, in front of a hash.
_GLUED_HASH: Final = (
    rb"(?=[0-9a-f]*[A-Zg-z])[A-Za-z]{3,}?(?=(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9A-Za-z]))"
)
_LEAST_GLUED: Final = 20
_GLUED: Final = re.compile(_GLUED_ID + rb"|" + _GLUED_HASH).match
_INNER_GLUED: Final = re.compile(rb"(?<![0-9A-Za-z])(" + _GLUED_ID + rb"|" + _GLUED_HASH + rb")[a-z0-9]+").sub
_MAIL: Final = rb"[0-9A-Za-z.!#$%&'*+=?^_`~-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+"
_WHOLE_ID: Final = re.compile(_ID, re.VERBOSE).fullmatch
_WHOLE_MAIL: Final = re.compile(_MAIL).fullmatch
_INNER_ID: Final = re.compile(rb"(?<![0-9A-Za-z])(?:" + _ID + rb")(?![0-9A-Za-z])", re.VERBOSE).sub
_INNER_MAIL: Final = re.compile(_MAIL).sub
# `*-*`, `*._*`, `* *`: one id, of several words.
_RUN: Final = re.compile(rb"(?<!\\)\*(?:[._+~=@,;'& -]*\*)+").sub
_TOKENS: Final = re.compile(rb"[^:/|{}]*[:/|{}]?").findall
# Names of hosts are one token; what may as well be a language or a unit ends one only before a separator.
_HOST: Final = (
    rb"(?:[0-9A-Za-z*-]+\.)+(?:com|net|org|edu|gov|(?:co|com|org|net|ac)\.[a-z]{2})(?=[:/|{}]|\Z)"
    rb"|(?:[0-9A-Za-z*-]+\.)+(?:ai|at|au|br|ca|ch|de|dk|es|eu|fr|io|it|jp|nl|no|pl|ru|se|uk|us)(?=[:/|])"
    rb"|www\.(?:[0-9A-Za-z*-]+\.)+[a-z]{2,}(?=[:/|{}]|\Z)"
)
_DOTTED_TOKENS: Final = re.compile(rb"(?:" + _HOST + rb"|[^:./|{}]*)[:./|{}]?").findall
_MAX_TOKENS: Final = 10

_NUMBER_CHARS: Final = b"0123456789._-"
_HEX_CHARS: Final = b"0123456789abcdef"
# An id of letters, digits and other signs is a moment, a UUID, or ends so.
_LAST_SIGNS: Final = frozenset((b"=", b"Z"))
_NUMBERS: Final = re.compile(rb"[0-9]+").sub
_MIXED: Final = re.compile(rb"[A-Za-z][0-9]|[0-9][A-Za-z]").search

# URL-safe base64 such as nanoid: letters, digits and marks change places more often than in words; a word in
# front (`cus_NffrFeUfNV2Hib`, `SESSION-…`) is none of it.
_BASE64: Final = re.compile(
    rb"(?![a-z]{2,}_|[A-Za-z][_-]|[A-Za-z]+[_-][0-9a-f-]+\Z|(?:[A-Z]?[a-z]{3,}|[A-Z]{4,})[_-]|[A-Z]?[a-z]{2,}[A-Z][a-z]{3})[0-9A-Za-z_-]{16,}={0,2}"
).fullmatch
# The other alphabet has `+` and `/`, which paths have too: there must be more changes.
_BASE64_PATH: Final = re.compile(rb"[0-9A-Za-z+/]{20,}={0,2}").fullmatch
_LEAST_CHANGE: Final = 6
_CHANGES: Final = re.compile(rb"[a-z](?=[A-Z](?![a-z]{2})|[0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])").findall
_MIN_CHANGES: Final = 5

# A gap (`::`) after a first group with a digit in it, or eight groups.
_IPV6: Final = re.compile(
    rb"(?<![0-9a-zA-Z])(?:(?:%(hex)s:){7}%(hex)s"
    rb"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{4}:(?:%(hex)s:){0,5}(?::%(hex)s){0,6}:?)(?![0-9a-zA-Z])"
    % {b"hex": rb"[0-9a-fA-F]{1,4}"}
)


def is_identifier(piece: bytes) -> bool:
    """Whether a piece is an id as a whole."""
    # `translate` without a table deletes: the fastest way to ask what a text consists of.
    if not piece.translate(None, _NUMBER_CHARS):
        return piece[:1].isdigit() and piece[-1:].isdigit()
    size = len(piece)
    if not piece.translate(None, _HEX_CHARS):
        return size >= 16 or (size >= 8 and not piece.isalpha())
    if size < 8:
        return False
    if piece.isalnum():
        if size >= _LEAST_GLUED and _GLUED(piece) is not None:
            return False
        return (not piece.isalpha() and _WHOLE_ID(piece) is not None) or (size >= 16 and _is_base64(piece))
    if size == 36 and piece[8:9] == b"-":
        return _WHOLE_ID(piece) is not None
    if b"@" in piece:
        return _WHOLE_MAIL(piece) is not None
    if (piece[4:5] == b"-" or piece[-1:] in _LAST_SIGNS) and _WHOLE_ID(piece) is not None:
        return True
    return size >= 16 and _is_base64(piece)


def _is_base64(piece: bytes) -> bool:
    if _BASE64(piece) is not None:
        # More marks than that are separators, of words and a UUID for example.
        marks = piece.count(b"-") + piece.count(b"_")
        return marks <= 1 + len(piece) // 12 and len(_CHANGES(piece)) >= _MIN_CHANGES
    return _BASE64_PATH(piece) is not None and len(_CHANGES(piece)) * _LEAST_CHANGE >= len(piece)


def collapse_numbers(piece: bytes) -> bytes:
    """A piece with 0 for each number."""
    return _NUMBERS(b"0", piece)


def has_plain_numbers(piece: bytes) -> bool:
    """Whether every digit of a piece is part of a number that stands by itself, between other signs."""
    return _MIXED(piece) is None


def generalise(piece: bytes) -> bytes:
    """A piece with `*` in place of the ids in it."""
    if b"@" in piece:
        piece = _INNER_MAIL(WILD, piece)
    if len(piece) >= _LEAST_GLUED:
        piece = _INNER_GLUED(rb"\1*", piece)
    return _RUN(WILD, _INNER_ID(WILD, piece))


def without_addresses(name: bytes) -> bytes:
    """A name with `*` in place of IPv6 addresses, whose `:` is no separator."""
    return _IPV6.sub(_replace_address, name)


def _replace_address(match: "re.Match[bytes]") -> bytes:
    text = match[0]
    digits = text.replace(b":", b"")
    return WILD if b"::" in text or (len(digits) >= 16 and not digits.isdigit()) else text


def escape(piece: bytes) -> bytes:
    """A piece in which `*` is no wildcard."""
    return piece.replace(WILD, b"\\*")


def cut(text: bytes) -> list[bytes]:
    """The tokens of a generalised text: each but the last ends with its separator.

    One dot is part of a name (`john.doe`, `a.json`), several are separators (`stats.web.hits`), but for those
    in the name of a host (`www.example.com`).
    """
    tokens = _DOTTED_TOKENS(text) if text.count(b".") > 1 else _TOKENS(text)
    tokens.pop()  # the empty match at the end
    if not tokens or tokens[-1][-1:] in SEPARATORS:
        tokens.append(b"")
    if len(tokens) > _MAX_TOKENS:
        tokens[_MAX_TOKENS - 1 :] = [b"".join(tokens[_MAX_TOKENS - 1 :])]
    return tokens


def canonical(pattern: bytes) -> bytes:
    """The name of a pattern: ids of several words are one `*`."""
    return _RUN(WILD, pattern)
