"""Servers as redis_exporter is told of them: `REDIS_ADDR` and its like, and its password file.

Sources: getEnv in main.go, lookupPasswordInPasswordMap and connectToRedis in exporter/redis.go of
https://github.com/oliver006/redis_exporter.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.config.targets import TargetSection
from exporter.config.url import ServerUrl, parse_server_url
from exporter.errors import UsageError
from exporter.model.secret import Secret

VARIABLES: Final = ("REDIS_ADDR", "REDIS_USER", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE")
"""Those that say which server is watched, and how one gets in."""
OTHER_VARIABLES: Final = "REDIS_EXPORTER_"
"""How the names of all its other variables begin."""
DEFAULT_ADDRESS: Final = "redis://localhost:6379"


@dataclass(frozen=True, slots=True)
class Entry:
    """One server of a password file with its user (empty: none) and its password."""

    url: ServerUrl
    password: Secret


def parse_address(text: str, origin: str, *, lone_user: bool = False) -> ServerUrl:
    """The server of an address, with or without a scheme; raises `UsageError`.

    What stands alone before an @ is a password, as for redis-cli: its library takes it so. In a password file
    it is the user (`lone_user`).
    """
    # Its library dials what it does not know as a network and an address.
    text = f"redis://{text.removeprefix('tcp://')}" if text.startswith("tcp://") else text
    if "," in text:
        raise UsageError(f"{origin} names several servers, as before 1.0 only: write each as a target")
    try:
        url = parse_server_url(text)
    except ValueError as error:
        raise UsageError(f"{origin} {error}") from None
    authority = text.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if url.username and ":" not in authority and not lone_user:
        return ServerUrl(url.address, "", Secret(url.username), url.names_database)
    return url


def read_password_file(path: Path, origin: str) -> Sequence[Entry]:
    """All entries in their order; raises `UsageError` without telling anything of the passwords.

    Raises `OSError` where the file cannot be read.
    """
    try:
        entries = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        place = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        what = error.msg.lower() if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        raise UsageError(f"{path}{place}: is no JSON: {what}") from None
    if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
        raise UsageError(
            f"{path}: must be a JSON object of addresses and passwords, "
            f'{{"redis://host:6379": "…"}} ({origin})'
        )
    return [
        Entry(parse_address(address, f"{path}: the address", lone_user=True), Secret(password))
        for address, password in entries.items()
    ]


def password_of(entries: Iterable[Entry], url: ServerUrl, username: str) -> Secret:
    """The password that the entries have for a server: they are looked up by address and user."""
    same = (one.password for one in entries if one.url == ServerUrl(url.address, username))
    return next(same, Secret(""))


def targets_of_variables(environment: Mapping[str, str]) -> Sequence[TargetSection]:
    """The server that redis_exporter would watch by its variables; none where none of them is set.

    Where `REDIS_ADDR` is empty, as for a redis_exporter that is only asked by `/scrape`, those of the
    password file. Raises `UsageError`.
    """
    if not any(environment.get(name) for name in VARIABLES):
        return ()
    address = environment.get("REDIS_ADDR", DEFAULT_ADDRESS)
    user, password = environment.get("REDIS_USER", ""), Secret(environment.get("REDIS_PASSWORD", ""))
    entries = () if password else _entries(environment.get("REDIS_PASSWORD_FILE", ""))
    if not address:
        found = [_target(entry.url, entry.url.username or user, entry.password) for entry in entries]
        # One server may be there with several users.
        return list({target.name: target for target in reversed(found)}.values())[::-1]
    url = parse_address(address, "$REDIS_ADDR")
    user = url.username or user
    return [_target(url, user, url.password or password or password_of(entries, url, user))]


def _entries(path: str) -> Sequence[Entry]:
    if not path:
        return ()
    try:
        return read_password_file(Path(path), "$REDIS_PASSWORD_FILE")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"$REDIS_PASSWORD_FILE: {path} cannot be read: {why}") from None


def _target(url: ServerUrl, username: str, password: Secret) -> TargetSection:
    # Without a password no AUTH is sent.
    if not password:
        return TargetSection(url=ServerUrl(url.address))
    return TargetSection(url=ServerUrl(url.address), username=username, password=password)
