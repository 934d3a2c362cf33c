"""Headers of mails, and the addresses in them.

Python's own email package is not used for the headers: it decodes the encoded words of a text before it
writes it (so that a line break can hide in one), and stumbles over many a list of addresses. Here a header is
one line of printable text, encoded by RFC 2047 where it is not plain ASCII, and folded at its spaces.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

_LONGEST_LINE: Final = 76
_LONGEST_VALUE: Final = 2000
_LONGEST_LIST: Final = 10_000
_BYTES_IN_A_WORD: Final = 45
_ADDRESS_HEADERS: Final = frozenset({"To", "From", "Cc", "Bcc", "Reply-To", "Sender"})
# Addresses in SMTP commands: no spaces, no brackets, no quotes.
_ADDRESS: Final = r"[^\s<>()\[\]\\,;:@\"]+@[^\s<>()\\,;@\"]+"
_MAILBOX: Final = re.compile(
    rf'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>[^"<>,;:@]*))\s*<(?P<address>{_ADDRESS})>|(?P<bare>{_ADDRESS})'
)
_ITEM: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')
_ENCODED_WORD: Final = re.compile(r"=\?")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]+")


def parse_addresses(text: str) -> list[tuple[str, str]]:
    """Parse a list of mail addresses into (name, address) pairs; what is no address is left out."""
    mailboxes = (_MAILBOX.fullmatch(item.strip()) for item in _ITEM.findall(one_line(text, _LONGEST_LIST)))
    return [_parse_mailbox(mailbox) for mailbox in mailboxes if mailbox]


def _parse_mailbox(mailbox: re.Match[str]) -> tuple[str, str]:
    quoted = re.sub(r"\\(.)", r"\1", mailbox["quoted"] or "")
    return quoted or (mailbox["name"] or "").strip(), mailbox["address"] or mailbox["bare"]


def one_line(text: str, longest: int) -> str:
    """Return the beginning of a text, with spaces for line breaks and unprintable characters."""
    return "".join(char if char.isprintable() else " " for char in text[:longest]).strip()


def format_header(name: str, value: str) -> bytes:
    """Format a header with its line break; empty for a blank value."""
    line = one_line(value, _LONGEST_LIST if name in _ADDRESS_HEADERS else _LONGEST_VALUE)
    if not line:
        return b""
    return "\r\n ".join(_fold(f"{name}: {_encode(name, line)}")).encode("ascii") + b"\r\n"


def _encode(name: str, line: str) -> str:
    if _is_plain(line):
        return line
    if name in _ADDRESS_HEADERS:
        pairs = parse_addresses(line)
        if pairs and all(_is_plain(address) for _, address in pairs):
            return ", ".join(
                f"{_encode_name(shown)} <{address}>" if shown else address for shown, address in pairs
            )
    return _encode_words(line)


def _encode_name(name: str) -> str:
    """The name before an address."""
    if _PLAIN_NAME.fullmatch(name) and _is_plain(name):
        return name
    return _encode_words(name)


def _is_plain(text: str) -> bool:
    """Whether a text can stand in a header as it is, and can be folded."""
    longest = max(map(len, text.split(" ")), default=0)
    return text.isascii() and longest < 900 and not _ENCODED_WORD.search(text)


def _encode_words(text: str) -> str:
    """The text in words of RFC 2047, each short enough and none with half a character."""
    return " ".join(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(text))


def _chunks(text: str) -> Iterator[bytes]:
    chunk = b""
    for char in text:
        encoded = char.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > _BYTES_IN_A_WORD:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


def _fold(line: str) -> Iterator[str]:
    """The line in parts of bearable length; the space at which it is cut belongs to the fold."""
    while len(line) > _LONGEST_LINE:
        # Not directly after the name, and not where a line would be blank.
        start = line.find(":") + 2
        cut = line.rfind(" ", max(start, 1), _LONGEST_LINE)
        cut = cut if cut > 0 else line.find(" ", _LONGEST_LINE)
        if cut <= 0 or not line[:cut].strip() or not line[cut:].strip():
            break
        yield line[:cut]
        line = line[cut + 1 :]
    yield line
