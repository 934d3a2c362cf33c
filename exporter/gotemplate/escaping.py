"""Escaping makes a value safe for each context in an HTML document.

Source: html.go, url.go, css.go and attr.go of Go's html/template; the replacement `ZgotmplZ` is Go's, so that
texts about it apply here too.
"""

import re
from enum import Enum, auto
from typing import Final

from exporter.gotemplate.printing import print_values
from exporter.gotemplate.values import Html, Url, to_bytes

UNSAFE: Final = "ZgotmplZ"
"""The text in place of a value that was not safe to print."""


class AttributeType(Enum):
    """The type of an attribute's value to a browser, as Go's html/template names them."""

    PLAIN = auto()
    URL = auto()
    CSS = auto()
    JS = auto()


_URL_ATTRIBUTES: Final = frozenset(
    {
        *("action", "archive", "background", "cite", "classid", "codebase", "data", "formaction", "href"),
        *("icon", "longdesc", "manifest", "poster", "profile", "src", "srcset", "usemap", "xmlns"),
    }
)
_BASE: Final = {
    "\0": "\ufffd",
    '"': "&#34;",
    "'": "&#39;",
    "+": "&#43;",
    "<": "&lt;",
    ">": "&gt;",
}
_SPACES: Final = {
    "\0": "&#xfffd;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\v": "&#11;",
    "\f": "&#12;",
    "\r": "&#13;",
    " ": "&#32;",
    "=": "&#61;",
    "`": "&#96;",
}
_QUOTED: Final = str.maketrans(_BASE)
_UNQUOTED: Final = str.maketrans({**_BASE, **_SPACES})
_TAG: Final = re.compile(r"<[^>]*>?")
_CSS_REFUSED: Final = re.compile(r"[\0\"'()/;@\[\\\]`{}<>]|--")
_CSS_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
_ESCAPE_BYTE: Final = re.compile(rb"[^A-Za-z0-9\-._~]")
_NORMALIZE_BYTE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!#$&*+,/:;=?@\[\]%]")


def attribute_type(name: str) -> AttributeType:
    """Return the type of an attribute's value; unknown names are judged by what they contain."""
    name = name.lower()
    if name.startswith("data-"):
        name = name[5:]
    elif ":" in name:
        prefix, _, name = name.partition(":")
        if prefix == "xmlns":
            return AttributeType.URL
    if name.startswith("on"):
        return AttributeType.JS
    if name == "style":
        return AttributeType.CSS
    if name in _URL_ATTRIBUTES or any(part in name for part in ("src", "uri", "url")):
        return AttributeType.URL
    return AttributeType.PLAIN


def shown(value: object) -> str:
    """The text of a value; nothing for nil."""
    return "" if value is None else print_values([value])


def escape_text(value: object, *, escaped: bool, raw_text: bool) -> str:
    """Escape a value between tags; `raw_text`: in an element such as `title`, without markup."""
    text = shown(value)
    if escaped or (isinstance(value, Html) and not raw_text):
        return text
    return _replace(text, quoted=True, keep_ampersands=isinstance(value, Html))


def escape_attribute(value: object, *, quoted: bool, escaped: bool) -> str:
    """Escape a value inside an attribute."""
    text = shown(value)
    if isinstance(value, Html):
        text = _TAG.sub("", text)
    if not quoted and not text:
        return UNSAFE
    if quoted and escaped:
        return text
    return _replace(text, quoted=quoted, keep_ampersands=escaped or isinstance(value, Html))


def _replace(text: str, *, quoted: bool, keep_ampersands: bool) -> str:
    if not keep_ampersands:
        text = text.replace("&", "&amp;")
    return text.translate(_QUOTED if quoted else _UNQUOTED)


def filter_url(value: object, *, begun: bool, in_query: bool, escaped: bool) -> str:
    """Filter a value inside a URL: nothing but http, https and mailto may begin it."""
    text = shown(value)
    trusted = isinstance(value, Url)
    if not begun and not in_query and not trusted and not _is_safe_url(text):
        return "#" + UNSAFE
    if escaped:
        return text
    pattern = _ESCAPE_BYTE if in_query and not trusted else _NORMALIZE_BYTE
    return pattern.sub(_percent, to_bytes(text)).decode("ascii")


def _percent(match: re.Match[bytes]) -> bytes:
    return b"%%%02x" % match.group()[0]


def _is_safe_url(text: str) -> bool:
    scheme, colon, _ = text.partition(":")
    return not colon or "/" in scheme or scheme.lower() in ("http", "https", "mailto")


def filter_css(text: str) -> str:
    """Filter a value inside CSS: a keyword, a number, a colour."""
    name = _CSS_NAME.sub("", text).lower()
    unsafe = _CSS_REFUSED.search(text) or "expression" in name or "mozbinding" in name
    return UNSAFE if unsafe else text


def filter_name(text: str) -> str:
    """Filter a value that is, or is part of, the name of a tag or attribute."""
    safe = text.isascii() and text.isalnum() and attribute_type(text) is AttributeType.PLAIN
    return text.lower() if safe else UNSAFE
