"""Query strings, and forms as `application/x-www-form-urlencoded` and `multipart/form-data`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request

from exporter.model.quoting import quote
from exporter.web.api_v1.reply import BadDataError

_MAX_BYTES: Final = 1 << 20
_MAX_FIELDS: Final = 1000
_FORM: Final = "application/x-www-form-urlencoded"
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)


@dataclass(slots=True)
class Fields:
    """Fields by name, each with all of its values.

    Malformed ones are left out, as Go's net/http does it; `fault` is what is wrong with the first of them.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    fault: str = ""

    def add(self, other: "Fields") -> None:
        """Add the values of others behind these."""
        for name, values in other.values.items():
            self.values.setdefault(name, []).extend(values)
        self.fault = self.fault or other.fault


async def read_form(request: Request) -> Fields:
    """The fields of a posted form. Raises `BadDataError` where it is too long, or no form."""
    body = await _body(request)
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return Fields(_multipart(content_type, body))
        # As Go reads it, nothing is given by what says to be no form.
        return parse_fields(body) if kind == _FORM else Fields()
    except ValueError as error:
        raise BadDataError(f"error parsing form values: {error}") from error


def parse_fields(encoded: bytes) -> Fields:
    """The fields of a query string, or of a form that is encoded as one. Raises `ValueError` for too many."""
    found = Fields()
    pairs = encoded.decode("utf-8", "replace").split("&")
    if len(pairs) > _MAX_FIELDS:
        raise ValueError(f"more than {_MAX_FIELDS} fields")
    for pair in filter(None, pairs):
        fault = next(_faults(pair), "")
        if fault:
            found.fault = found.fault or fault
            continue
        name, _, value = pair.partition("=")
        found.values.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return found


def _faults(pair: str) -> Iterator[str]:
    """What is wrong with a field, in the words of Go's net/url."""
    if ";" in pair:
        yield "invalid semicolon separator in query"
    name, _, value = pair.partition("=")
    for bad in filter(None, map(_BAD_ESCAPE.search, (name, value))):
        yield f"invalid URL escape {quote(bad[0])}"


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise BadDataError("the request's body is longer than 1 MiB")
    return body


def _multipart(content_type: str, body: bytes) -> dict[str, list[str]]:
    """Raises `ValueError`."""
    head = f"content-type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        return {}
    found: dict[str, list[str]] = {}
    for part in list(message.iter_parts())[:_MAX_FIELDS]:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return found
