"""Echoes: what an answer repeats of a request, such as "Cannot POST /services/…", must not show secrets."""

import base64
import binascii
import html
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

import httpx

from exporter.http_client.redirects import HARMLESS

# Shorter ones stand in any text by chance.
_SHORTEST: Final = 4
_SHORTEST_PATH: Final = 8
_SECRET: Final = "<secret>"
_PATH: Final = "<path>"


def secrets_of(url: httpx.URL, headers: Mapping[str, str]) -> Mapping[str, str]:
    """What must not show of a request, each with what is to stand in its place."""
    values = [value for name, value in headers.items() if name.lower() not in HARMLESS]
    values += [part for value in values for part in _credentials(value)]
    values += [url.password, url.query.decode("ascii", "replace")]
    texts = dict.fromkeys((value for value in values if len(value) >= _SHORTEST), _SECRET)
    target, path = url.raw_path.decode("ascii", "replace"), url.path
    return texts | dict.fromkeys((one for one in (target, path) if len(one) >= _SHORTEST_PATH), _PATH)


def _credentials(value: str) -> Iterable[str]:
    """The token of a header Authorization, and the password in one."""
    scheme, _, rest = value.partition(" ")
    yield rest
    if scheme.lower() == "basic":
        try:
            yield base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[2]
        except binascii.Error:
            return


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """The text with something else in place of secrets, as they are or as JSON, HTML and URLs write them."""
    written = {form: shown for secret, shown in secrets.items() for form in _forms(secret)}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, written[form])
    return text


def _forms(secret: str) -> Iterable[str]:
    return {secret, secret.replace("/", "\\/"), html.escape(secret), unquote(secret)}
