"""Hides the secrets of a configuration that have no form with a file, for showing it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exporter.drafts import Commented, Suggestion
from exporter.url_login import hide_parameters

HIDDEN: Final = "<hidden>"
_LOGIN: Final = re.compile(r"(\w://[^/\s:@]*:)[^/\s]*@")
_HEADERS: Final = frozenset({"headers", "proxy_connect_header", "http_headers"})


def redact(value: Any, key: str = "") -> Any:
    """The same without passwords and tokens in URLs, and without values of headers."""
    if isinstance(value, Commented | Suggestion):
        return replace(value, value=redact(value.value, key))
    if isinstance(value, Mapping):
        return {name: redact(one, key if key in _HEADERS else name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact(one, key) for one in value]
    if key in _HEADERS:
        return HIDDEN
    return hide_parameters(_LOGIN.sub(rf"\1{HIDDEN}@", value), HIDDEN) if isinstance(value, str) else value
