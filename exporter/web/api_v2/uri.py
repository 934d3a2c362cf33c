"""URIs as Go parses them: any other `generatorURL` is refused.

Source: `ParseRequestURI` of Go's net/url, url.go.
"""

import re
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
# Non-ASCII characters are allowed everywhere.
_HOST: Final = re.compile(r"""[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"\u0080-\U0010ffff]*""")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_ESCAPES: Final = re.compile(r"(?:[^%]|%[0-9a-fA-F]{2})*", re.DOTALL)


def is_uri(text: str) -> bool:
    """Return whether a text has a scheme, or is an absolute path."""
    if _CONTROL.search(text):
        return False
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        return scheme is not None and bool(text)
    if scheme is None or not rest.startswith("//"):
        # Without a scheme, two slashes begin a path.
        return bool(_ESCAPES.fullmatch(rest))
    authority, slash, path = rest[2:].partition("/")
    return _is_authority(authority) and bool(_ESCAPES.fullmatch(slash + path))


def _is_authority(text: str) -> bool:
    user, at, host = text.rpartition("@")
    if at and not (_USER.fullmatch(user) and _ESCAPES.fullmatch(user)):
        return False
    if host.startswith("["):
        address, bracket, port = host.rpartition("]")
        return bool(bracket and _PORT.fullmatch(port) and _HOST.fullmatch(address))
    name, colon, port = host.partition(":")
    return bool(_PORT.fullmatch(colon + port) and _HOST.fullmatch(name))
