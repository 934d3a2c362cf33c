"""Secrets of a converted configuration: each in a file of its own, which config.yml names."""

import re
from typing import Final

from exporter.migration.piece import Piece
from exporter.model.secret import Secret

SECRETS: Final = "secrets"
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_.-]+")


def secret_file(name: str, secret: Secret) -> tuple[str, Piece]:
    """The path of a file for a secret, relative to config.yml, and the file; `name` may be an address."""
    path = f"{SECRETS}/{_UNUSUAL.sub('_', name).strip('._') or 'password'}"
    return path, Piece(files={path: f"{secret.reveal()}\n"}, private=frozenset({path}))
