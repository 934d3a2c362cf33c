"""redis_exporter's password file: a JSON object from addresses to passwords.

Source: exporter/pwd_file.go and lookupPasswordInPasswordMap in exporter/redis.go.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.config.url import ServerUrl
from exporter.errors import UsageError
from exporter.migration.redis_exporter.addresses import parse_address
from exporter.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Entry:
    """One server of the file with its user (empty: none) and its password."""

    url: ServerUrl
    password: Secret


def read_password_file(path: Path, origin: str) -> Sequence[Entry]:
    """All entries in their order; raises `UsageError` without telling anything of the passwords.

    Raises `FileNotFoundError` and other `OSError`s where the file cannot be read.
    """
    try:
        entries = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        place = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{path}{place}: is no JSON: {_what(error)}") from None
    if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
        raise UsageError(
            f"{path}: must be a JSON object of addresses and passwords, "
            f'{{"redis://host:6379": "…"}} ({origin})'
        )
    return [
        Entry(parse_address(address, f"{path}: the address", lone_user=True), Secret(password))
        for address, password in entries.items()
    ]


def _what(error: ValueError) -> str:
    return error.msg.lower() if isinstance(error, json.JSONDecodeError) else "not UTF-8"
