"""The stylesheet and the module of the pages, under names that change with their content."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent / "static"
_KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# What has this name never changes.
_FOREVER: Final = "public, max-age=31536000, immutable"
_HASH_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    media_type: str


@cache
def _assets() -> dict[str, Asset]:
    """All files, by the names under which they are asked for."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _KINDS:
            body = _read(path)
            found[_hashed(path, body)] = Asset(body, _KINDS[path.suffix])
    return found


@cache
def asset_path(name: str) -> str:
    """Return the path of a file below the daemon's root: `static/style-0123456789ab.css`."""
    path = _FOLDER / name
    return f"static/{_hashed(path, _read(path))}"


def _read(path: Path) -> bytes:
    """A file as browsers get it: a module without its comments and indents, which are a tenth of it."""
    body = path.read_bytes()
    if path.suffix != ".js":
        return body
    lines = [line.strip() for line in body.splitlines()]
    return b"\n".join(line for line in lines if line and not line.startswith(b"//")) + b"\n"


def routes() -> Sequence[Route]:
    """The route of all files."""
    return [Route("/static/{name}", _send, methods=["GET"])]


async def _send(request: Request) -> Response:
    asset = _assets().get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("There is no such file: look at the page again.\n", 404)
    return Response(asset.body, media_type=asset.media_type, headers={"cache-control": _FOREVER})


def _hashed(path: Path, body: bytes) -> str:
    return f"{path.stem}-{hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]}{path.suffix}"
