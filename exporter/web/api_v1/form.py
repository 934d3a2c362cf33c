"""Forms: what is posted as `application/x-www-form-urlencoded` or `multipart/form-data`."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from exporter.web.api_v1.reply import BadDataError

_MAX_BYTES: Final = 1 << 20
_MAX_FIELDS: Final = 1000


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields of a posted form. Raises `BadDataError` where it is too long, or no form."""
    body = await _body(request)
    content_type = request.headers.get("content-type", "")
    try:
        if content_type.lower().startswith("multipart/form-data"):
            return _multipart(content_type, body)
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise BadDataError(f"error parsing form values: {error}") from error


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
